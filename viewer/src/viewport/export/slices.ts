// The slices of a volume one after the other, in full, for files; a few are fetched ahead.

import { items } from '../../core/dicom-json';
import { t } from '../../core/language';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { isFloating } from '../../core/volume';
import type { StoredPixels } from '../../core/viewport-port';
import { connection } from '../../net/connection';
import { isAbort } from '../../net/queue';
import { Unreachable } from '../../net/server-error';
import type { LoadedBitmap } from '../bitmap-store';
import type { PictureStore } from '../picture-store';

const AHEAD = 6;

export interface Slice {
  picture: Picture;
  pixels: StoredPixels;
}

export async function* slicesOf(store: Pick<PictureStore, 'load'>, set: DisplaySet, pictures: readonly Picture[], signal: AbortSignal): AsyncGenerator<Slice> {
  const coming = new Map<Picture, Promise<LoadedBitmap>>();
  for (const [index, picture] of pictures.entries()) {
    for (const next of pictures.slice(index, index + AHEAD)) {
      if (coming.has(next)) continue;
      const loading = load(store, set, next, signal);
      loading.catch(() => undefined);
      coming.set(next, loading);
    }
    const { pixels, source, incomplete } = await (coming.get(picture) as Promise<LoadedBitmap>);
    signal.throwIfAborted();
    coming.delete(picture);
    if (source === 'archive-drawn' || incomplete) throw new Error(t('The values of image {n} cannot be read in full', { n: picture.instance.InstanceNumber }));
    yield { picture, pixels };
  }
}

/** A picture whose series is left while it comes is asked for again; one that the archive cannot give now waits for it. */
async function load(store: Pick<PictureStore, 'load'>, set: DisplaySet, picture: Picture, signal: AbortSignal): Promise<LoadedBitmap> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await store.load(set, picture, 'prefetch');
    } catch (error) {
      if (error instanceof Unreachable) await connection.back(signal);
      else if (!isAbort(error)) throw error;
    }
  }
}

const hasTable = ({ instance }: Picture): boolean => items(instance.dataSet, 'ModalityLUTSequence').length > 0;

/** Whether stored values of 16 signed bits, with one slope and intercept, do not say all. */
export const needsReal = (pictures: readonly Picture[]): boolean => isFloating(pictures) || pictures.some(hasTable);

export function realValues({ picture, pixels }: Slice): Float32Array<ArrayBuffer> {
  const { transform } = pictureInfo(picture);
  return Float32Array.from(pixels, (value) => toModality(value, transform));
}
