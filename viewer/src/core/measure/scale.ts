// What a pixel is worth where a measurement lies, and who says so. Nothing here turns pixels into mm without a source.

import { fixed, t } from '../language';
import { pictureInfo, spacingAt } from '../picture-info';
import { regionAt, type Spacing, type UltrasoundRegion } from '../spacing';
import type { Picture } from '../stack';
import type { Point } from '../view';
import { formatValue } from '../modality';
import type { Quantity } from './types';

export interface Scale {
  perColumn: number;
  perRow: number;
  /** "mm", of slides "µm", or "px" where there is no spacing; different along x and y in an ultrasound spectrum or M-mode. */
  unitX: string;
  unitY: string;
  /** "at detector", "US region", …; "" for the patient itself. */
  provenance: string;
}

/** Square pixels without a size; `aspect` is the height of a pixel over its width. */
export const pixelScale = (aspect = 1): Scale => ({ perColumn: 1, perRow: aspect, unitX: 'px', unitY: 'px', provenance: '' });

/** The scale that holds for all of these points; pixels where they lie in regions of different scales. `byHand` takes the place of the file's. */
export function scaleAt(picture: Picture, points: readonly Point[], aspect: number, byHand?: Spacing): Scale {
  if (picture.scale) return picture.scale;
  const { regions } = pictureInfo(picture);
  if (regions.length > 0) return regionScale(regions, points);
  const spacing = byHand ?? spacingAt(picture, points[0]);
  if (!spacing) return pixelScale(aspect);
  return { perColumn: spacing.column, perRow: spacing.row, unitX: 'mm', unitY: 'mm', provenance: spacing.provenance };
}

function regionScale(regions: readonly UltrasoundRegion[], points: readonly Point[]): Scale {
  const hit = points.map((point) => regionAt(regions, [Math.round(point[0]), Math.round(point[1])]));
  const [region] = hit;
  if (!region || hit.some((other) => other !== region)) return pixelScale();
  return { perColumn: region.perColumn, perRow: region.perRow, unitX: region.unitX, unitY: region.unitY, provenance: 'US region' };
}

/** Whether distances and areas make sense: one unit along both axes. */
export const isPlanar = ({ unitX, unitY }: Scale): boolean => unitX === unitY && (unitX === 'mm' || unitX === 'µm' || unitX === 'px');

export const distanceOf = (a: Point, b: Point, scale: Scale): number => Math.hypot((b[0] - a[0]) * scale.perColumn, (b[1] - a[1]) * scale.perRow);

export const sourceText = ({ provenance }: Scale): string => (provenance === '' || provenance === 'US region' ? '' : ` ${t(provenance)}`);

/** A length or an area with its unit; what is measured in µm is written in mm from one on, to the µm. */
export function sizeText(value: number, unit: string, digits: number): string {
  const mm = unit === 'µm' ? value / 1000 : unit === 'µm²' ? value / 1e6 : 0;
  return mm >= 1 ? `${fixed(mm, 3)} ${unit.replace('µ', 'm')}` : `${fixed(value, digits)} ${unit}`;
}

/** "34.2 mm", "512 px", or the differences along both axes where they are not lengths. */
export function lengthText(a: Point, b: Point, scale: Scale): string {
  if (isPlanar(scale)) return `${sizeText(distanceOf(a, b, scale), scale.unitX, 1)}${sourceText(scale)}`;
  const [dx, dy] = [Math.abs(b[0] - a[0]) * scale.perColumn, Math.abs(b[1] - a[1]) * scale.perRow];
  return `${formatValue(dx)} ${scale.unitX} · ${formatValue(dy)} ${scale.unitY}`;
}

/** A length as a number; none between axes that are no lengths. */
export const lengthValues = (quantity: 'length' | 'width' | 'height', a: Point, b: Point, scale: Scale): Quantity[] => (isPlanar(scale) ? [{ quantity, value: distanceOf(a, b, scale), unit: scale.unitX }] : []);

/** An area in square pixels of the picture, in mm² or from 1 cm² on in cm², of slides in µm² or mm². */
export function areaText(pixels: number, scale: Scale): string {
  if (scale.unitX === 'µm') return `${sizeText(pixels * scale.perColumn * scale.perRow, 'µm²', 1)}${sourceText(scale)}`;
  if (scale.unitX !== 'mm' || scale.unitY !== 'mm') return `${pixels.toFixed(0)} px²`;
  const area = pixels * scale.perColumn * scale.perRow;
  return area >= 100 ? `${fixed(area / 100, 2)} cm²${sourceText(scale)}` : `${fixed(area, 1)} mm²${sourceText(scale)}`;
}
