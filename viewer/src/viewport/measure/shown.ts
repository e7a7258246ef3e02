// What a pane shows, as far as measuring needs it: scale and values of its picture.

import { spacingBy, type Calibration } from '../../core/measure/calibration';
import type { Values } from '../../core/measure/region';
import { scaleAt, type Scale } from '../../core/measure/scale';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import type { Picture } from '../../core/stack';
import { chosenSuv, type SuvChoice } from '../../core/suv';
import type { Point } from '../../core/view';
import type { LoadedBitmap } from '../bitmap-store';
import type { PaneState } from '../stack-controller';

/** What measuring must know of a pane, and of what shows a picture in it. */
export type MeasuredState = Pick<PaneState, 'set' | 'shown' | 'bitmap' | 'setting' | 'view' | 'pane'>;
export interface Measured {
  state(): MeasuredState;
  readonly picture: Picture | undefined;
}

export interface Shown {
  picture: Picture;
  bitmap: LoadedBitmap;
  /** What a PET is read in. */
  suv: SuvChoice | undefined;
  /** By hand. */
  calibration?: Calibration;
}

export const aspectOf = ({ bitmap }: Shown): number => bitmap.pixelHeight / bitmap.pixelWidth;

export const scaleOf = (shown: Shown, points: readonly Point[]): Scale => scaleAt(shown.picture, points, aspectOf(shown), shown.calibration && spacingBy(shown.calibration));

export function valuesOf({ picture, bitmap, suv: choice }: Shown): Values {
  const { transform } = pictureInfo(picture);
  const suv = chosenSuv(transform.suv?.factors, choice);
  const { columns, rows, pixels } = bitmap;
  const inside = (column: number, row: number): boolean => column >= 0 && row >= 0 && column < columns && row < rows;
  return {
    columns,
    rows,
    unit: suv?.label ?? transform.unit,
    at: (column, row) => (bitmap.samples === 1 && !bitmap.reduced && inside(column, row) ? toModality(pixels[row * columns + column] as number, transform) * (suv?.factor ?? 1) : undefined),
  };
}
