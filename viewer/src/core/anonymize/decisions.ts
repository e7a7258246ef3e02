// What a person decided about the pictures of a series, and what becomes of it by that. Pure.

import { fromEdges, toEdges, type Box, type Size } from './boxes';
import { counted, t } from '../language';

/** What the archive says of a series: why it is caught, and the boxes that rules and regions give. */
export interface SeriesPreview extends Size {
  SeriesInstanceUID: string;
  SOPInstanceUID: string;
  Modality: string;
  SeriesDescription: string;
  objects: number;
  at: number;
  reason: string;
  /** Whether a person may decide otherwise. */
  decision: boolean;
  has_pixels: boolean;
  frames: number;
  boxes: number[][] | null;
}

export interface Decision extends Size {
  boxes: readonly Box[];
  approved: boolean;
}
export type Decisions = ReadonlyMap<string, Decision>;
export type BurnedIn = 'sequester' | 'blank' | 'ocr' | 'ocr-technical' | 'keep';
export type Fate = 'as it is' | 'blanked' | 'set aside';

/** Where a person begins: with the boxes that rules and regions give. */
export const begun = (series: SeriesPreview): Decision => ({
  rows: series.rows,
  columns: series.columns,
  boxes: (series.boxes ?? []).map(fromEdges),
  approved: false,
});

/** What becomes of a series' pictures. */
export function fate(series: SeriesPreview, decision: Decision | undefined, burnedIn: BurnedIn): Fate {
  if (decision?.approved) return decision.boxes.length > 0 ? 'blanked' : 'as it is';
  if (!series.reason) return 'as it is';
  if (!series.decision) return 'set aside';
  if (burnedIn === 'keep') return 'as it is';
  return burnedIn !== 'sequester' && series.boxes ? (series.boxes.length > 0 ? 'blanked' : 'as it is') : 'set aside';
}

/** The approved areas as the archive takes them. */
export function areasOf(decisions: Decisions): Record<string, { rows: number; columns: number; boxes: number[][] }> {
  const approved = [...decisions].filter(([, { approved: yes }]) => yes);
  return Object.fromEntries(approved.map(([series, { rows, columns, boxes }]) => [series, { rows, columns, boxes: boxes.map(toEdges) }]));
}

/** An object that was not written, and why. */
export interface NotWritten {
  SOPInstanceUID: string;
  outcome: string;
  reason: string;
}

/** Those with the same outcome and reason together, in their order; never empty ones. */
export function alike(rows: readonly NotWritten[]): [NotWritten, ...NotWritten[]][] {
  const groups = new Map<string, [NotWritten, ...NotWritten[]]>();
  for (const row of rows) {
    const key = `${row.outcome} ${row.reason}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

export type Counts = Readonly<Record<'output' | 'unchanged' | 'sequestered' | 'rejected' | 'left', number>>;

/** Counts in words; nothing is left out that is there, so they add up to the number of objects. */
export function inWords(counts: Counts): string {
  const words: readonly (readonly [keyof Counts, string])[] = [
    ['output', t('written')], ['unchanged', t('there before')], ['sequestered', t('set aside')], ['rejected', t('rejected')], ['left', t('left')],
  ]; // prettier-ignore
  return words.filter(([key]) => counts[key] > 0 || key === 'output').map(([key, word]) => `${counted(counts[key])} ${word}`).join(', ');
}
