// An arrow with text: what it points at, and where its text stands; a single point is a text without an arrow. It measures nothing,
// and its text is its name.

import type { Point, Size } from '../view';
import { labelSize, type LabelBox } from './label';
import { moveOne, type Measurement, type ToolDefinition } from './types';

/** A line of text is no longer than this, where it can be broken. */
const LINE = 32;
/** The sides of the head in CSS pixels, and the angle of each to the line. */
const [HEAD, SPREAD] = [13, 0.42];
/** How far the text is from where the line ends, in CSS pixels. */
const GAP = 4;

export const arrowTool: ToolDefinition = {
  kind: 'arrow',
  title: 'Arrow with text',
  clicks: 2,
  move: moveOne,
  shapes: ([tip, end]) => (tip && end ? [{ kind: 'line', from: tip, to: end }] : []),
  texts: () => [],
  values: () => [],
};

/** Whether it is a text alone. */
export const isTextAlone = ({ kind, points }: Pick<Measurement, 'kind' | 'points'>): boolean => kind === 'arrow' && points.length < 2;

/** The text in lines, broken between words; a word as long as two lines stays whole. */
export function textLines(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean).flatMap(pieces)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Languages without spaces are broken anywhere. */
const pieces = (word: string): string[] => (word.length <= LINE * 2 ? [word] : (word.match(new RegExp(`.{1,${LINE}}`, 'gu')) ?? []));

/** The head of an arrow that ends at `tip`, as a line through three points in the pane. */
export function headOf(tip: Point, from: Point): Point[] {
  const length = Math.hypot(from[0] - tip[0], from[1] - tip[1]);
  if (length < 1) return [];
  const toward = Math.atan2(from[1] - tip[1], from[0] - tip[0]);
  const side = (turn: number): Point => [tip[0] + Math.min(HEAD, length) * Math.cos(toward + turn), tip[1] + Math.min(HEAD, length) * Math.sin(toward + turn)];
  return [side(SPREAD), tip, side(-SPREAD)];
}

/** Where the text stands: beyond the end of the line, or about the point of a text alone; inside the pane. */
export function arrowLabel([tip, end]: readonly Point[], lines: readonly string[], pane: Size): LabelBox {
  const { width, height } = labelSize(lines);
  const at = end ?? tip ?? [0, 0];
  const length = tip && end ? Math.hypot(end[0] - tip[0], end[1] - tip[1]) : 0;
  const [dx, dy] = tip && end && length > 0 ? [(end[0] - tip[0]) / length, (end[1] - tip[1]) / length] : [0, 0];
  const out = dx === 0 && dy === 0 ? 0 : Math.min(width / 2 / Math.abs(dx), height / 2 / Math.abs(dy)) + GAP;
  const inside = (value: number, most: number): number => Math.max(0, Math.min(value, most));
  return { x: inside(at[0] + dx * out - width / 2, pane.width - width), y: inside(at[1] + dy * out - height / 2, pane.height - height), width, height };
}
