// A measurement, or a line of one, as it lies in a pane.

import { calibrationText } from '../../core/measure/calibration';
import { lineTexts } from '../../core/measure/ellipsoid';
import { labelAt, labelBeside } from '../../core/measure/label';
import { outline } from '../../core/measure/outline';
import { lengthText, type Scale } from '../../core/measure/scale';
import { MEASURE_TOOLS } from '../../core/measure/tools';
import type { Measurement } from '../../core/measure/types';
import { pixelToPane, type Point } from '../../core/view';
import { layOutArrow } from './lay-out-arrow';
import type { OwnLaid } from './session';
import { scaleOf, valuesOf, type MeasuredState, type Shown } from './shown';

/** More points than these are too many to take hold of. */
const MOST_HANDLES = 24;

/** A line or shape on a picture, and the measurement that it is, or is a part of. */
export interface Placed {
  item: Measurement;
  whole: Measurement;
  part: number;
}

export function layOut({ item, whole, part }: Placed, shown: Shown, { view, pane }: MeasuredState, unfinished: boolean): OwnLaid {
  const tool = MEASURE_TOOLS[item.kind];
  const scale = scaleOf(shown, item.points);
  const toPane = (point: Point): Point => pixelToPane(point, view, shown.bitmap, pane);
  if (item.kind === 'arrow') return layOutArrow(item, item.points.map(toPane), pane);
  const shapes = tool.shapes(item.points, scale);
  const chains = shapes.map((shape) => ({ points: outline(shape).map(toPane), helper: shape.kind === 'line' && shape.helper === true }));
  const ready = !unfinished || item.points.length >= tool.clicks;
  const points = unfinished && ready && tool.complete ? tool.complete(item.points, scale) : item.points;
  const lines = ready ? linesOf({ item, whole, part }, points, shown, scale) : [];
  const drawn = chains.flatMap((chain) => chain.points);
  const [dx, dy] = item.label ?? [0, 0];
  const [x, y] = middle(item.points);
  const label = item.label ? labelAt(toPane([x + dx, y + dy]), lines) : labelBeside(drawn.length > 0 ? drawn : item.points.map(toPane), lines, pane);
  const anchors = item.points.map(toPane);
  return { item, handles: anchors.length > MOST_HANDLES ? [] : anchors, anchors, chains, lines, label, part };
}

/** What is written beside it. */
function linesOf({ item, whole, part }: Placed, points: readonly Point[], shown: Shown, scale: Scale): string[] {
  if (item.kind === 'calibration' && item.calibration) return [calibrationText(item.calibration)];
  if (item.kind === 'ellipsoid') return lineTexts(whole, part, lengthText(points[0] as Point, points[1] as Point, scale));
  return MEASURE_TOOLS[item.kind].texts(points, { scale, values: valuesOf(shown) });
}

export const middle = (points: readonly Point[]): Point => [points.reduce((sum, [x]) => sum + x, 0) / points.length, points.reduce((sum, [, y]) => sum + y, 0) / points.length];
