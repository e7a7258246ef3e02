// The table of measuring tools.

import { angleTool } from './angle';
import { arrowTool } from './arrow';
import { bidirectionalTool } from './bidirectional';
import { calibrationTool } from './calibration';
import { circleTool } from './circle';
import { cobbTool } from './cobb';
import { ellipseTool } from './ellipse';
import { ellipsoidTool } from './ellipsoid';
import { freehandTool } from './freehand';
import { isocontourTool } from './isocontour-tool';
import { lengthTool } from './length';
import { pathTool } from './path';
import { probeTool } from './probe';
import { rectangleTool } from './rectangle';
import type { MeasureKind, ToolDefinition } from './types';

export const MEASURE_TOOLS: Readonly<Record<MeasureKind, ToolDefinition>> = {
  length: lengthTool,
  angle: angleTool,
  cobb: cobbTool,
  bidirectional: bidirectionalTool,
  ellipse: ellipseTool,
  rectangle: rectangleTool,
  circle: circleTool,
  freehand: freehandTool,
  probe: probeTool,
  isocontour: isocontourTool,
  calibration: calibrationTool,
  arrow: arrowTool,
  ellipsoid: ellipsoidTool,
  path: pathTool,
};
