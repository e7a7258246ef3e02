// Statistics of the pixels whose middle lies inside a shape: mean, standard deviation (of the whole, not of a sample), ends.

import { formatValue } from '../modality';
import type { Point } from '../view';
import { areaText, isPlanar, type Scale } from './scale';
import type { Quantity } from './types';
import { fixed, t } from '../language';

export interface Values {
  columns: number;
  rows: number;
  unit: string;
  /** The value shown for a pixel (after rescale); undefined where there is none, as in colour. */
  at(column: number, row: number): number | undefined;
}

export interface Statistics {
  count: number;
  mean: number;
  deviation: number;
  min: number;
  max: number;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const boxOf = (a: Point, b: Point): Box => ({ left: Math.min(a[0], b[0]), right: Math.max(a[0], b[0]), top: Math.min(a[1], b[1]), bottom: Math.max(a[1], b[1]) });

/** Undefined where no pixel with a value lies inside. */
export function statistics(values: Values, box: Box, inside: (column: number, row: number) => boolean): Statistics | undefined {
  let [count, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let row = Math.max(0, Math.ceil(box.top)); row <= Math.min(values.rows - 1, box.bottom); row += 1) {
    for (let column = Math.max(0, Math.ceil(box.left)); column <= Math.min(values.columns - 1, box.right); column += 1) {
      const value = inside(column, row) ? values.at(column, row) : undefined;
      if (value === undefined) continue;
      count += 1;
      const away = value - mean;
      mean += away / count;
      squares += away * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return count === 0 ? undefined : { count, mean, deviation: Math.sqrt(squares / count), min, max };
}

export const inEllipse = (box: Box): ((column: number, row: number) => boolean) => {
  const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const [rx, ry] = [(box.right - box.left) / 2, (box.bottom - box.top) / 2];
  return (column, row) => rx > 0 && ry > 0 && ((column - cx) / rx) ** 2 + ((row - cy) / ry) ** 2 <= 1;
};

export const inBox = (): boolean => true;

/** Digits behind the point: an SUV of 2.54 is not one of 2.49. */
export const digitsOf = (unit: string): number => (unit.startsWith('SUV') ? 2 : 1);

const withUnit = (value: string, unit: string): string => (unit ? `${value} ${unit}` : value);

/** A region as numbers; `area` in square pixels of the picture. */
export function regionValues(found: Statistics | undefined, unit: string, area: number, scale: Scale): Quantity[] {
  const size: Quantity[] = isPlanar(scale) ? [{ quantity: 'area', value: scale.unitX === 'px' ? area : area * scale.perColumn * scale.perRow, unit: `${scale.unitX}²` }] : [];
  if (!found) return size;
  return [
    { quantity: 'mean', value: found.mean, unit },
    { quantity: 'deviation', value: found.deviation, unit },
    { quantity: 'minimum', value: found.min, unit },
    { quantity: 'maximum', value: found.max, unit },
    ...size,
  ];
}

/** The lines of a region: mean and deviation, ends, area. */
export function regionTexts(found: Statistics | undefined, unit: string, area: number, scale: Scale): string[] {
  const size = t('Area {area}', { area: areaText(area, scale) });
  if (!found) return [size];
  const mean = `${withUnit(fixed(found.mean, digitsOf(unit)), unit)} ± ${fixed(found.deviation, digitsOf(unit))}`;
  return [mean, t('min {min} · max {max}', { min: formatValue(found.min), max: formatValue(found.max) }), size];
}
