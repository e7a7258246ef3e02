// The curve of a measured region: the same pixels of the same place in every phase, of stored images or of planes cut from the
// volume of each phase, loaded as they are needed.

import { t } from '../../core/language';
import { MEASURE_TOOLS } from '../../core/measure/tools';
import type { Measurement } from '../../core/measure/types';
import { findPicture } from '../../core/phases';
import type { DisplaySet, Picture } from '../../core/stack';
import type { SuvChoice } from '../../core/suv';
import { curvePoint, type CurvePoint } from '../../core/time-curve';
import type { LoadedBitmap } from '../bitmap-store';
import type { PictureStore } from '../picture-store';
import { scaleOf, valuesOf } from './shown';

/** Planes that are open, of a volume with phases. */
export interface PhasePlanes {
  source: DisplaySet;
  pictureOf(id: string): Picture | undefined;
  cutIn(phase: number, picture: Picture): Promise<LoadedBitmap | undefined>;
}

interface Means {
  store: PictureStore;
  planes: PhasePlanes | undefined;
  /** So many phases are there. */
  onProgress(done: number, of: number): void;
}

/** The points that can be had, in order of the phases; or why there are none. */
export async function timeCurve(item: Measurement | undefined, shown: DisplaySet | undefined, suv: SuvChoice | undefined, { store, planes, onProgress }: Means): Promise<CurvePoint[] | string> {
  const set = planes?.source ?? shown;
  const { phases } = set ?? {};
  if (!set || !phases) return t('The open series has no phases');
  if (!item) return t('Select a region or a probe first');
  const plane = planes?.pictureOf(item.pictureId);
  const at = plane ? undefined : findPicture(set, ({ id }) => id === item.pictureId);
  if (!plane && !at) return t('The region was not drawn on an image of the open series, nor in the planes that are open');
  const count = phases.sets.length;
  let done = 0;
  const point = async (phase: number): Promise<CurvePoint | undefined> => {
    const one = phases.sets[phase];
    const picture = plane ?? one?.pictures[at?.index ?? 0];
    const bitmap = await (plane && planes ? planes.cutIn(phase, plane) : one && picture && store.load(one, picture, 'thumbnail'))?.catch(() => undefined);
    onProgress((done += 1), count);
    if (!picture || !bitmap) return undefined;
    const shownIn = { picture, bitmap, suv };
    return curvePoint(phases, phase, MEASURE_TOOLS[item.kind].values(item.points, { scale: scaleOf(shownIn, item.points), values: valuesOf(shownIn) }));
  };
  const order = Array.from({ length: count }, (_, phase) => phase);
  const found = (plane ? await oneByOne(order, point) : await Promise.all(order.map(point))).filter((one) => one !== undefined);
  return found.length > 0 ? found : t('This measurement has no value that could change: take a region or a probe');
}

/** Volumes of all phases may be more than there is room for. */
async function oneByOne<T>(phases: readonly number[], make: (phase: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (const phase of phases) made.push(await make(phase));
  return made;
}
