// A measurement in the patient: on which other pictures it lies, and where.

import { dot } from '../geometry';
import { sharesSpace, toPatient, toPixel, type ImagePlane } from '../plane';
import type { Point } from '../view';
import { MEASURE_TOOLS } from './tools';
import type { Measurement } from './types';

/** Points nearer to a plane than this lie on it, in mm. */
const ON_PLANE = 0.3;

const sameAxes = (a: ImagePlane, b: ImagePlane): boolean => dot(a.row, b.row) > 0.9999 && dot(a.column, b.column) > 0.9999;

/** Moves points from the pixels of one plane to those of another; undefined unless all lie on it. */
export function carried(points: readonly Point[], from: ImagePlane, to: ImagePlane): Point[] | undefined {
  const found = points.map((point) => toPixel(to, toPatient(from, point)));
  return found.every(({ distance }) => Math.abs(distance) < ON_PLANE) ? found.map(({ pixel }) => pixel) : undefined;
}

/** The measurement as it lies on another picture; undefined where it does not. */
export function onPlane(item: Measurement, to: ImagePlane | undefined): Measurement | undefined {
  const { plane, points, label } = item;
  if (!plane || !to || !sharesSpace(plane, to)) return undefined;
  if (MEASURE_TOOLS[item.kind].axial && !sameAxes(plane, to)) return undefined;
  const moved = carried(points, plane, to);
  if (!moved) return undefined;
  const beside: Point | undefined = label && sameAxes(plane, to) ? [(label[0] * plane.columnStep) / to.columnStep, (label[1] * plane.rowStep) / to.rowStep] : undefined;
  const here: Measurement = { ...item, points: moved, ...(beside ? { label: beside } : {}) };
  if (!beside) delete (here as { label?: Point }).label;
  return here;
}

/** A changed measurement in the pixels of the picture it was drawn on. */
export function home(changed: Measurement, from: ImagePlane | undefined, original: Measurement): Measurement {
  if (!from || !original.plane || changed.pictureId !== original.pictureId) return changed;
  const points = carried(changed.points, from, original.plane);
  if (!points) return original;
  const { values = [], source = '' } = changed;
  return { ...original, points, values, source };
}
