// Measurements as the archive keeps them until they are signed (`/api/studies/{study}/measurements`), and what becomes of
// them where two windows change them at once. Pure.

import type { Point } from '../view';
import type { Diameter, ImagePlace, Measurement } from './types';

/** One as it is sent: without the study, which the address names. */
export type Draft = Omit<Measurement, 'image' | 'further'> & { image: DraftImage; further?: readonly (Omit<Diameter, 'image'> & { image: DraftImage })[] };
type DraftImage = Omit<ImagePlace, 'StudyInstanceUID' | 'reformatted'> & { reformatted?: boolean };

export const studyOf = (item: Measurement): string => item.image?.StudyInstanceUID ?? '';

/** What is kept, defaults left out, keys in one order: equal texts are equal measurements. */
export function toDraft({ id, kind, pictureId, image, points, plane, label, values, source, calibration, isocontour, contours, further, path, name, colour, locked, hidden }: Measurement): Draft {
  return {
    id, kind, pictureId,
    image: imageOf(image),
    points: pointsOf(points),
    ...(plane ? { plane } : {}),
    ...(label ? { label } : {}),
    ...(values?.length ? { values } : {}),
    ...(source ? { source } : {}),
    ...(calibration ? { calibration } : {}),
    ...(isocontour ? { isocontour } : {}),
    ...(contours?.length ? { contours } : {}),
    ...(further?.length ? { further: further.map((line) => ({ ...line, image: imageOf(line.image), points: pointsOf(line.points) })) } : {}),
    ...(path ? { path } : {}),
    ...(name ? { name } : {}),
    ...(colour ? { colour } : {}),
    ...(locked ? { locked } : {}),
    ...(hidden ? { hidden } : {}),
  }; // prettier-ignore
}

const imageOf = ({ SeriesInstanceUID = '', SOPInstanceUID = '', frame = 1, reformatted = false }: Partial<ImagePlace> = {}): DraftImage => ({ SeriesInstanceUID, SOPInstanceUID, frame, reformatted });
const pointsOf = (points: readonly Point[]): Point[] => points.map(([x, y]) => [x, y]);

export function fromDraft({ further, ...draft }: Draft, StudyInstanceUID: string): Measurement {
  const placed = (image: DraftImage): ImagePlace => ({ ...image, reformatted: image.reformatted ?? false, StudyInstanceUID });
  return { ...draft, image: placed(draft.image), ...(further ? { further: further.map((line) => ({ ...line, image: placed(line.image) })) } : {}) };
}

/** By id, as text. */
export type Kept = ReadonlyMap<string, string>;

const planeValues = (plane: Measurement['plane']): unknown => plane && [plane.FrameOfReferenceUID, plane.origin, plane.row, plane.column, plane.columnStep, plane.rowStep];
const calibrationValues = (by: Measurement['calibration']): unknown => by && [by.known, by.series, by.columns, by.rows, by.columnSpacing, by.rowSpacing];

const textOf = (item: Measurement): string => {
  const { plane, calibration, isocontour, contours, further, path, ...rest } = toDraft(item);
  const lines = further?.map((line) => [line.pictureId, line.points, imageOf(line.image), planeValues(line.plane), line.label, line.source, calibrationValues(line.calibration)]);
  return JSON.stringify([Object.entries(rest).map(([key, value]) => (key === 'values' ? [key, (value as Measurement['values'])?.map((v) => [v.quantity, v.value, v.unit])] : [key, value])), planeValues(plane), calibrationValues(calibration), isocontour && [isocontour.share, isocontour.value, isocontour.suv], contours, lines, path && [path.points, path.width, path.length]]);
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
