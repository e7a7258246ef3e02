// The angle at the second of three points, 0 to 180 degrees, in the patient's proportions (not those of the pixels).

import type { Point } from '../view';
import { isPlanar, type Scale } from './scale';
import { moveOne, type Quantity, type ToolDefinition } from './types';
import { fixed, t } from '../language';

/** Degrees between two directions given as pairs of points. */
export function degreesBetween([a, b]: readonly [Point, Point], [c, d]: readonly [Point, Point], scale: Scale): number {
  const first = Math.atan2((b[1] - a[1]) * scale.perRow, (b[0] - a[0]) * scale.perColumn);
  const second = Math.atan2((d[1] - c[1]) * scale.perRow, (d[0] - c[0]) * scale.perColumn);
  const turn = (Math.abs(first - second) * 180) / Math.PI;
  return turn > 180 ? 360 - turn : turn;
}

/** An angle has no meaning between axes of different units, as in a spectrum. */
export const angleText = (degrees: number, scale: Scale): string => (isPlanar(scale) ? `${fixed(degrees, 1)}°` : t('no angle here'));

export const angleValues = (degrees: number, scale: Scale): Quantity[] => (isPlanar(scale) ? [{ quantity: 'angle', value: degrees, unit: '°' }] : []);

export const angleTool: ToolDefinition = {
  kind: 'angle',
  title: 'Angle',
  clicks: 3,
  move: moveOne,
  shapes: ([a, b, c]) => [...(a && b ? [{ kind: 'line' as const, from: a, to: b }] : []), ...(b && c ? [{ kind: 'line' as const, from: b, to: c }] : [])],
  texts: (points, { scale }) => {
    const [a, b, c] = points as [Point, Point, Point];
    return [angleText(degreesBetween([b, a], [b, c], scale), scale)];
  },
  values: (points, { scale }) => {
    const [a, b, c] = points as [Point, Point, Point];
    return angleValues(degreesBetween([b, a], [b, c], scale), scale);
  },
};
