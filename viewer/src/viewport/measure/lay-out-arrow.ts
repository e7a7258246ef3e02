// An arrow with text as it lies in a pane.

import { arrowLabel, headOf, textLines } from '../../core/measure/arrow';
import type { Point, Size } from '../../core/view';
import type { Laid } from './session';

/** The line, its head and the text at its end, which nothing leads to. */
export function layOutArrow<T extends Laid['item'] & { name?: string }>(item: T, points: Point[], pane: Size): Laid & { item: T } {
  const [tip, end] = points as [Point, Point?];
  const lines = textLines(item.name ?? '');
  const chains = end ? [points, headOf(tip, end)].map((line) => ({ points: line, helper: false })) : [];
  return { item, handles: points, anchors: [], chains, lines, label: arrowLabel(points, lines, pane), tip };
}
