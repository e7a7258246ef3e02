// Measurements as the archive keeps them until they are signed (`/api/studies/{study}/measurements`), and what becomes of
// them where two windows change them at once. Pure.

import type { ImagePlace, Measurement } from './types';

/** One as it is sent: without the study, which the address names. */
export type Draft = Omit<Measurement, 'image'> & { image: Omit<ImagePlace, 'StudyInstanceUID' | 'reformatted'> & { reformatted?: boolean } };

export const studyOf = (item: Measurement): string => item.image?.StudyInstanceUID ?? '';

/** What is kept, defaults left out, keys in one order: equal texts are equal measurements. */
export function toDraft({ id, kind, pictureId, image, points, plane, label, values, source, calibration, isocontour, contours, name, colour, locked, hidden }: Measurement): Draft {
  const { SeriesInstanceUID = '', SOPInstanceUID = '', frame = 1, reformatted = false } = image ?? {};
  return {
    id, kind, pictureId,
    image: { SeriesInstanceUID, SOPInstanceUID, frame, reformatted },
    points: points.map(([x, y]) => [x, y] as const),
    ...(plane ? { plane } : {}),
    ...(label ? { label } : {}),
    ...(values?.length ? { values } : {}),
    ...(source ? { source } : {}),
    ...(calibration ? { calibration } : {}),
    ...(isocontour ? { isocontour } : {}),
    ...(contours?.length ? { contours } : {}),
    ...(name ? { name } : {}),
    ...(colour ? { colour } : {}),
    ...(locked ? { locked } : {}),
    ...(hidden ? { hidden } : {}),
  }; // prettier-ignore
}

export const fromDraft = (draft: Draft, StudyInstanceUID: string): Measurement => ({ ...draft, image: { ...draft.image, reformatted: draft.image.reformatted ?? false, StudyInstanceUID } });

/** By id, as text. */
export type Kept = ReadonlyMap<string, string>;

const textOf = (item: Measurement): string => {
  const { plane, calibration, isocontour, contours, ...rest } = toDraft(item);
  const ordered = plane && [plane.FrameOfReferenceUID, plane.origin, plane.row, plane.column, plane.columnStep, plane.rowStep];
  return JSON.stringify([Object.entries(rest).map(([key, value]) => (key === 'values' ? [key, (value as Measurement['values'])?.map((v) => [v.quantity, v.value, v.unit])] : [key, value])), ordered, calibration && [calibration.known, calibration.series, calibration.columns, calibration.rows, calibration.columnSpacing, calibration.rowSpacing], isocontour && [isocontour.share, isocontour.value, isocontour.suv], contours]);
};

export const keptOf = (items: readonly Measurement[]): Kept => new Map(items.map((item) => [item.id, textOf(item)]));

export const sameKept = (a: Kept, b: Kept): boolean => a.size === b.size && [...a].every(([id, value]) => b.get(id) === value);

/** What others changed since `base` goes into `ours`; what was changed here stays as it is here. */
export function merged(base: Kept, theirs: readonly Measurement[], ours: readonly Measurement[]): Measurement[] {
  const now = new Map(theirs.map((item) => [item.id, item]));
  const here = new Set(ours.map(({ id }) => id));
  const kept = ours.flatMap((item) => (base.get(item.id) === textOf(item) ? (now.get(item.id) ?? []) : item));
  return [...kept, ...theirs.filter(({ id }) => !here.has(id) && !base.has(id))];
}
