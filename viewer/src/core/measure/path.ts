// A path through a volume, along which it is straightened, as it is kept of a series among the measurements. It lies on no picture
// and measures nothing that a report would say; it is listed with its length.

import { fixed } from '../language';
import type { Vector } from '../geometry';
import { moveOne, type Measurement, type ToolDefinition } from './types';

/** Points in the patient, LPS mm; length and width of what is shown across it in mm. */
export interface DrawnPath {
  readonly points: readonly Vector[];
  readonly width: number;
  readonly length: number;
}

export const pathTool: ToolDefinition = {
  kind: 'path',
  title: 'Path of a curved plane',
  clicks: 1,
  move: moveOne,
  shapes: () => [],
  texts: () => [],
  values: () => [],
};

/** The one that is kept of a series. */
export const pathOf = (items: readonly Measurement[], SeriesInstanceUID: string): Measurement | undefined => items.findLast(({ kind, image }) => kind === 'path' && image?.SeriesInstanceUID === SeriesInstanceUID);

export const pathText = ({ length }: DrawnPath): string => `${fixed(length, 1)} mm`;
