// An isocontour region as it lies in a pane of its frame of reference: sphere, border, what it measures.

import { isocontourTexts, cutSphere } from '../../core/measure/isocontour-tool';
import { regionOnPlane } from '../../core/measure/isocontour-outline';
import { labelBeside } from '../../core/measure/label';
import { outline } from '../../core/measure/outline';
import type { Measurement } from '../../core/measure/types';
import { sharesSpace, type ImagePlane } from '../../core/plane';
import { pixelToPane, type Point } from '../../core/view';
import { t } from '../../core/language';
import type { LoadedBitmap } from '../bitmap-store';
import type { Found } from './isocontours';
import type { OwnLaid } from './session';
import type { MeasuredState } from './shown';

/** Undefined where the picture does not cut its sphere. */
export function layOutIsocontour(item: Measurement, plane: ImagePlane | undefined, of: (item: Measurement) => Found | undefined, bitmap: LoadedBitmap, { view, pane }: MeasuredState): OwnLaid | undefined {
  if (!plane || !item.plane || !sharesSpace(plane, item.plane)) return undefined;
  const cut = cutSphere(item, plane);
  if (!cut) return undefined;
  const found = of(item);
  const toPane = (point: Point): Point => pixelToPane(point, view, bitmap, pane);
  const radius = Math.hypot((cut.edge[0] - cut.centre[0]) * plane.columnStep, (cut.edge[1] - cut.centre[1]) * plane.rowStep);
  const [rx, ry] = [radius / plane.columnStep, radius / plane.rowStep];
  const circle = outline({ kind: 'ellipse', from: [cut.centre[0] - rx, cut.centre[1] - ry], to: [cut.centre[0] + rx, cut.centre[1] + ry] }).map(toPane);
  const border = (found?.region ? regionOnPlane(found.region, plane) : []).map((loop) => [...loop, loop[0] as Point].map(toPane));
  const beyond = found?.region !== undefined && border.length === 0;
  const told = beyond ? [] : found ? [...isocontourTexts(found.item, found.region?.cutOff ?? false), found.reason] : isocontourTexts(item, false);
  const lines = told.filter(Boolean).length > 0 || beyond ? told.filter(Boolean) : [t('Growing the region')];
  const chains = [{ points: circle, helper: true }, ...border.map((points) => ({ points, helper: false }))];
  return { item, handles: [cut.centre, cut.edge].map(toPane), anchors: [cut.centre, cut.edge].map(toPane), chains, lines, label: labelBeside(circle, lines, pane) };
}
