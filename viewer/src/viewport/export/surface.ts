// The surface of a volume at a value as an STL file: slices in full go to a worker, which cuts it out. What is offered is what
// the volume in three dimensions shows: its preset's value, its clipping box and its cuts.

import { pictureName } from '../../core/export';
import { baseOf } from '../../core/fusion';
import { t } from '../../core/language';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { chosenSuv } from '../../core/suv';
import { volumeOf, type Volume } from '../../core/volume';
import { firstPreset, surfaceValue, textureRange } from '../../core/volume3d/transfer';
import type { Bitmap } from '../../core/viewport-port';
import type { PictureStore } from '../picture-store';
import type { Volume3dSession } from '../volume3d/session';
import { download } from './download';
import type { Job } from './job';
import { realValues, slicesOf, type Slice } from './slices';
import type { SurfaceAnswer, SurfaceOrder, SurfaceRequest } from './surface-worker';

/** Files of more than 400 MB help nobody. */
const MOST_MILLIONS = 8;

export interface SurfaceOffer {
  set: DisplaySet;
  volume: Volume;
  /** In real values; people are told `factor` times it, in `unit`. */
  threshold: number;
  factor: number;
  unit: string;
  kept: Pick<SurfaceOrder, 'cuts' | 'limits'>;
}

/** What to begin with; or why there is no surface. `bitmap` is a picture of the series, if one is on screen. */
export function surfaceOffer(shown: DisplaySet | undefined, session: Volume3dSession | undefined, bitmap: Bitmap | undefined): SurfaceOffer | string {
  if (!shown) return t('No series is open');
  const set = baseOf(shown);
  const answer = volumeOf(set);
  if ('reason' in answer) return t('This series is no volume: {reason}', { reason: answer.reason });
  const { transform } = pictureInfo(answer.volume.pictures[0] as Picture);
  const suv = chosenSuv(transform.suv?.factors, undefined);
  const state = session?.state();
  const ends = bitmap ? [bitmap.min, bitmap.max].map((value) => toModality(value, transform)) : [];
  const range = state?.range ?? textureRange(set.modality, new Float32Array(ends));
  const preset = state?.preset ?? firstPreset(set.modality);
  return {
    set,
    volume: answer.volume,
    threshold: surfaceValue(preset, range) + (state?.shift ?? 0),
    factor: suv?.factor ?? 1,
    unit: suv?.label ?? transform.unit,
    kept: session?.kept() ?? { cuts: [], limits: undefined },
  };
}

/** Makes and saves the file; returns what to tell the user. */
export async function downloadSurface({ set, volume, threshold, factor, unit, kept }: SurfaceOffer, store: Pick<PictureStore, 'load'>, { signal, progress }: Job): Promise<string> {
  const worker = new SurfaceWorker({ geometry: volume.geometry, threshold, ...kept });
  signal.addEventListener('abort', () => worker.end());
  try {
    let done = 0;
    for await (const slice of slicesOf(store, set, volume.pictures, signal)) {
      const triangles = await worker.put(done, slice);
      if (triangles > MOST_MILLIONS * 1e6) return t('This surface has more than {n} million triangles: choose another value, or clip the volume', { n: MOST_MILLIONS });
      done += 1;
      progress(done, volume.pictures.length);
    }
    const { file, triangles } = await worker.finish();
    if (triangles === 0) return t('No part of the volume has this value');
    download(file, `${pictureName(set, `surface-${Number((threshold * factor).toPrecision(4))}${unit}`)}.stl`);
    return [t('The surface is saved: {n} triangles', { n: triangles }), ...volume.notes].join('; ');
  } finally {
    worker.end();
  }
}

/** One question at a time, each with its answer. */
class SurfaceWorker {
  private readonly worker = new Worker(new URL('./surface-worker.ts', import.meta.url), { type: 'module' });
  private fail: ((error: Error) => void) | undefined;

  constructor(order: SurfaceOrder) {
    this.send({ kind: 'open', order });
  }

  async put(index: number, slice: Slice): Promise<number> {
    const values = realValues(slice);
    return (await this.ask({ kind: 'slice', index, values }, [values.buffer])).triangles;
  }

  async finish(): Promise<{ file: Blob; triangles: number }> {
    const answer = await this.ask({ kind: 'finish' });
    if (answer.kind !== 'done') throw new Error(t('The surface cannot be made'));
    return answer;
  }

  end(): void {
    this.worker.terminate();
    this.fail?.(new Error(t('The surface cannot be made')));
  }

  private send(request: SurfaceRequest, transfer: Transferable[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  private ask(request: SurfaceRequest, transfer: Transferable[] = []): Promise<SurfaceAnswer> {
    return new Promise((done, fail) => {
      this.fail = fail;
      this.worker.onmessage = ({ data }: MessageEvent<SurfaceAnswer>) => done(data);
      this.worker.onerror = () => fail(new Error(t('The surface cannot be made')));
      this.send(request, transfer);
    });
  }
}
