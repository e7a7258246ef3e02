// The sphere that an isocontour region is grown in, as it is drawn: middle and a point of its surface. What is measured comes from
// the volume, not from the picture: see isocontour.ts.

import { fixed, t } from '../language';
import { dot, length, type Vector } from '../geometry';
import { add, subtract, toPatient, toPixel, type ImagePlane } from '../plane';
import type { Point } from '../view';
import { circleTool } from './circle';
import { USUAL_SHARE, type Region, type Sphere } from './isocontour';
import { digitsOf } from './region';
import type { Isocontour, Measurement, Quantity, ToolDefinition } from './types';

/** A click alone makes a sphere of this radius, in mm. */
export const USUAL_RADIUS = 25;
/** Larger ones are no lesions, in mm. */
export const MOST_RADIUS = 200;

export const isocontourTool: ToolDefinition = {
  ...circleTool,
  kind: 'isocontour',
  title: 'Isocontour region',
  texts: () => [],
  values: () => [],
};

/** Undefined where the picture it was drawn on has no place in the patient. */
export function sphereOf({ plane, points: [centre, edge] }: Measurement): Sphere | undefined {
  if (!plane || !centre || !edge) return undefined;
  const [from, to] = [toPatient(plane, centre), toPatient(plane, edge)];
  return { centre: from, radius: Math.min(MOST_RADIUS, length(subtract(to, from))) };
}

/** A sphere as it is cut by a plane: middle and a point of the circle, in pixels, and how far the middle lies from the plane. */
export interface CutSphere {
  centre: Point;
  edge: Point;
  away: number;
}

export function cutSphere(item: Measurement, plane: ImagePlane): CutSphere | undefined {
  const sphere = sphereOf(item);
  if (!sphere || !item.plane) return undefined;
  const { pixel: centre, distance: away } = toPixel(plane, sphere.centre);
  if (Math.abs(away) >= sphere.radius) return undefined;
  const drawn = subtract(toPatient(item.plane, item.points[1] as Point), sphere.centre);
  const flat = add(drawn, plane.normal, -dot(drawn, plane.normal));
  const toward: Vector = length(flat) > 0.1 ? flat : plane.row;
  const radius = Math.sqrt(sphere.radius ** 2 - away ** 2);
  const edge = toPixel(plane, add(toPatient(plane, centre), toward, radius / length(toward))).pixel;
  return { centre, edge, away };
}

/** The sphere with its middle (0), or its surface (1), moved to a point of a plane that cuts it. */
export function movedSphere(item: Measurement, plane: ImagePlane, handle: number, to: Point, pictureId: string): Measurement {
  const cut = cutSphere(item, plane);
  if (!cut) return item;
  const through: ImagePlane = { ...plane, origin: add(plane.origin, plane.normal, cut.away) };
  const radius = sphereOf(item)?.radius ?? 0;
  const centre = handle === 0 ? to : cut.centre;
  const from = toPatient(through, centre);
  const reach = handle === 0 ? subtract(toPatient(through, cut.edge), toPatient(through, cut.centre)) : subtract(toPatient(through, to), from);
  const wanted = handle === 0 ? radius : Math.min(MOST_RADIUS, Math.hypot(length(reach), cut.away));
  const edge = toPixel(through, add(from, reach, wanted / Math.max(1e-6, length(reach)))).pixel;
  return changed({ ...item, plane: through, pictureId, points: [centre, edge] });
}

/** What it measured no longer holds. */
export function changed(item: Measurement): Measurement {
  const bare = { ...item };
  delete (bare as { values?: unknown }).values;
  delete (bare as { contours?: unknown }).contours;
  return bare;
}

/** What a region measures; `density`: an SUV of g/ml, which makes glycolysis a mass. */
export function regionQuantities(region: Region, unit: string, density: boolean): Quantity[] {
  return [
    { quantity: 'maximum', value: region.maximum, unit },
    { quantity: 'mean', value: region.mean, unit },
    { quantity: 'peak', value: region.peak, unit },
    { quantity: 'volume', value: region.volume, unit: 'ml' },
    ...(density ? [{ quantity: 'glycolysis', value: region.mean * region.volume, unit: 'g' } as const] : []),
    { quantity: 'threshold', value: region.threshold, unit },
  ];
}

/** "41 %" or "SUVbw 2.5". */
export const thresholdText = ({ share, value }: Pick<Isocontour, 'share' | 'value'>, unit: string): string => (value === undefined ? `${Math.round((share ?? USUAL_SHARE) * 100)} %` : `${unit} ${fixed(value, 1)}`);

/** The lines beside a region. */
export function isocontourTexts({ isocontour, values = [] }: Measurement, cutOff: boolean): string[] {
  const of = (wanted: Quantity['quantity']): Quantity | undefined => values.find(({ quantity }) => quantity === wanted);
  const number = (wanted: Quantity['quantity'], places?: number): string => {
    const found = of(wanted);
    return found ? fixed(found.value, places ?? digitsOf(found.unit)) : '';
  };
  const unit = of('maximum')?.unit ?? '';
  if (!isocontour || values.length === 0) return [];
  return [
    t('{unit} max {maximum} · peak {peak} · mean {mean}', { unit, maximum: number('maximum'), peak: number('peak'), mean: number('mean') }).trim(),
    [t('Volume {volume} ml', { volume: number('volume', 2) }), of('glycolysis') ? t('TLG {glycolysis} g', { glycolysis: number('glycolysis', 1) }) : ''].filter(Boolean).join(' · '),
    isocontour.value === undefined ? t('at least {threshold} ({share} of max)', { threshold: number('threshold'), share: thresholdText(isocontour, unit) }) : t('at least {threshold}', { threshold: number('threshold') }),
    ...(cutOff ? [t('Cut off by the sphere')] : []),
  ];
}
