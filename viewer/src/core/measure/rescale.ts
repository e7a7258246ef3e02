// What becomes of measurements when the scale of their picture changes: lengths and areas follow, values of pixels stay. Pure.

import { pixelShapeOf } from '../picture-info';
import type { Picture } from '../stack';
import { BY_HAND, calibrationOf, spacingBy } from './calibration';
import { partsOf, withPart } from './ellipsoid';
import type { Values } from './region';
import { scaleAt } from './scale';
import { MEASURE_TOOLS } from './tools';
import type { Measurement } from './types';

const NOTHING: Values = { columns: 0, rows: 0, unit: '', at: () => undefined };

/** The items with what they measure by the calibrations among them; `pictureOf` finds the picture that one was drawn on. */
export function rescaled(items: readonly Measurement[], pictureOf: (id: string) => Picture | undefined): Measurement[] {
  const calibrated = items.some(({ kind }) => kind === 'calibration');
  return items.map((item) => {
    if (item.kind === 'calibration') return item;
    return partsOf(item).reduce((now, part, index) => {
      const picture = part.plane || (!calibrated && part.source !== BY_HAND) ? undefined : pictureOf(part.pictureId);
      const changed = picture ? oneRescaled(part, picture, items) : part;
      return changed === part ? now : withPart(now, index, changed);
    }, item);
  });
}

function oneRescaled(item: Measurement, picture: Picture, items: readonly Measurement[]): Measurement {
  const calibration = calibrationOf(items, picture);
  if (!calibration && item.source !== BY_HAND) return item;
  const { pixelWidth, pixelHeight } = pixelShapeOf(picture);
  const scale = scaleAt(picture, item.points, pixelHeight / pixelWidth, calibration && spacingBy(calibration));
  const sizes = new Map(MEASURE_TOOLS[item.kind].values(item.points, { scale, values: NOTHING }).map((one) => [one.quantity, one]));
  return withCalibration({ ...item, values: (item.values ?? []).map((one) => sizes.get(one.quantity) ?? one), source: scale.provenance }, calibration);
}

/** With what it was measured by, or without. */
export function withCalibration(item: Measurement, calibration: Measurement['calibration']): Measurement {
  if (calibration) return { ...item, calibration };
  const without = { ...item };
  delete (without as { calibration?: Measurement['calibration'] }).calibration;
  return without;
}
