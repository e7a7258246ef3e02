// The curve of a measured region: the same pixels of the same place in every phase, loaded as they are needed.

import { t } from '../../core/language';
import { MEASURE_TOOLS } from '../../core/measure/tools';
import type { Measurement } from '../../core/measure/types';
import { findPicture } from '../../core/phases';
import type { DisplaySet } from '../../core/stack';
import type { SuvChoice } from '../../core/suv';
import { curvePoint, type CurvePoint } from '../../core/time-curve';
import type { PictureStore } from '../picture-store';
import { scaleOf, valuesOf } from './shown';

/** The points that can be had, in order of the phases; or why there are none. */
export async function timeCurve(item: Measurement | undefined, set: DisplaySet | undefined, suv: SuvChoice | undefined, store: PictureStore): Promise<CurvePoint[] | string> {
  const { phases } = set ?? {};
  if (!set || !phases) return t('The open series has no phases');
  if (!item) return t('Select a region or a probe first');
  const at = findPicture(set, ({ id }) => id === item.pictureId);
  if (!at) return t('The region was not drawn on an image of the open series');
  const points = phases.sets.map(async (one, phase) => {
    const picture = one.pictures[at.index];
    const bitmap = picture && (await store.load(one, picture, 'thumbnail').catch(() => undefined));
    if (!picture || !bitmap) return undefined;
    const shown = { picture, bitmap, suv };
    return curvePoint(phases, phase, MEASURE_TOOLS[item.kind].values(item.points, { scale: scaleOf(shown, item.points), values: valuesOf(shown) }));
  });
  const found = (await Promise.all(points)).filter((point) => point !== undefined);
  return found.length > 0 ? found : t('This measurement has no value that could change: take a region or a probe');
}
