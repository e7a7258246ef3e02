// One series over another of the same frame of reference (PET/CT): which go together, and what to cut out of the upper. Pure.

import { add, planeOf, scaled, type ImagePlane } from './plane';
import { finestStep } from './reformat';
import type { Cut } from './reslice';
import type { DisplaySet } from './stack';
import { volumeOf, type VolumeGeometry } from './volume';
import { t } from './language';

/** Series that show function and lie over those that show anatomy. */
const FUNCTIONAL = new Set(['PT', 'NM', 'ST']);
export const isFunctional = ({ modality }: DisplaySet): boolean => FUNCTIONAL.has(modality);

/** Below and above, whichever was named first. */
export const rolesOf = (a: DisplaySet, b: DisplaySet): [base: DisplaySet, overlay: DisplaySet] => (isFunctional(a) && !isFunctional(b) ? [b, a] : [a, b]);

const frameOf = ({ pictures }: DisplaySet): string => planeOf(pictures[0])?.FrameOfReferenceUID ?? '';

/** Why one cannot lie over the other; "" where it can. */
export function reasonAgainstFusion(base: DisplaySet, overlay: DisplaySet): string {
  if (base.id === overlay.id) return t('this is the same series');
  if (base.pictures.length === 0 || base.pictures.some((picture) => !planeOf(picture))) return t('position or spacing of the lower series is missing');
  const answer = volumeOf(overlay);
  if ('reason' in answer) return t('the upper series is no volume: {reason}', { reason: answer.reason });
  const frame = frameOf(base);
  if (!frame || base.pictures.some((picture) => planeOf(picture)?.FrameOfReferenceUID !== frame)) return t('the lower series has no one frame of reference');
  return frame === frameOf(overlay) ? '' : t('their frames of reference differ');
}

/** The set that shows `overlay` over `base`, to be opened like any other; or why there is none. */
export function fused(base: DisplaySet, overlay: DisplaySet): DisplaySet | string {
  const reason = reasonAgainstFusion(base, overlay);
  if (reason) return t('These series cannot be fused: {reason}', { reason });
  return { ...base, id: `${base.id}+${overlay.id}`, fusion: { base, overlay } };
}

/** The series itself, without what lies over it. */
export const baseOf = (set: DisplaySet): DisplaySet => set.fusion?.base ?? set;

/** What goes best with a series: anatomy with function; of several that fit the one with most pictures. */
export function partnerOf(set: DisplaySet, others: readonly DisplaySet[]): DisplaySet | undefined {
  const fitting = others.filter((other) => reasonAgainstFusion(...rolesOf(set, other)) === '');
  const rank = (other: DisplaySet): number => (isFunctional(other) === isFunctional(set) ? 0 : 1_000_000) + other.pictures.length;
  return fitting.sort((a, b) => rank(b) - rank(a))[0];
}

const MOST = 4;

/** What to cut out of the upper volume for a picture below: its pixels, in whole parts where the upper one is finer. */
export function overlayCut(plane: ImagePlane, geometry: VolumeGeometry, slab?: Cut['slab']): { cut: Cut; parts: number } {
  const parts = Math.max(1, Math.min(MOST, Math.round(Math.min(plane.columnStep, plane.rowStep) / finestStep(geometry))));
  const shift = (1 / parts - 1) / 2;
  const origin = add(add(plane.origin, plane.row, shift * plane.columnStep), plane.column, shift * plane.rowStep);
  const cut: Cut = { origin, right: scaled(plane.row, plane.columnStep / parts), down: scaled(plane.column, plane.rowStep / parts), columns: plane.columns * parts, rows: plane.rows * parts };
  return { cut: slab ? { ...cut, slab } : cut, parts };
}
