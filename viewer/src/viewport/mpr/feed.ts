// Loads the slices of a volume into its reslicer, several at a time, until all have come or nobody wants them any more.

import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { connection } from '../../net/connection';
import { isAbort } from '../../net/queue';
import { Unreachable } from '../../net/server-error';
import type { PictureStore } from '../picture-store';
import type { Reslicer } from './reslicer';

export interface VolumeFeed {
  store: PictureStore;
  source: DisplaySet;
  pictures: readonly Picture[];
  /** Indices of pictures, the most wanted first. */
  order: readonly number[];
  /** Slices are rescaled before they are put down. */
  floating: boolean;
  signal: AbortSignal;
  reslicer: Reslicer;
  /** Slices come after this: they would keep the first planes waiting. */
  after: Promise<unknown>;
  onSlice(): void;
  onFailure(): void;
}

const AT_ONCE = 6;

export async function feedVolume(feed: VolumeFeed): Promise<void> {
  const waiting = [...feed.order];
  await feed.after;
  if (feed.signal.aborted) return;
  for (let i = 0; i < AT_ONCE; i += 1) void work(feed, waiting);
}

async function work({ store, source, pictures, floating, signal, reslicer, onSlice, onFailure }: VolumeFeed, waiting: number[]): Promise<void> {
  for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
    const picture = pictures[index] as Picture;
    try {
      const bitmap = await store.load(source, picture, 'prefetch');
      if (signal.aborted) return;
      const { transform } = pictureInfo(picture);
      const [slope, intercept] = floating ? [transform.slope, transform.intercept] : [1, 0];
      reslicer.put(index, bitmap.pixels, slope, intercept);
      onSlice();
      await reslicer.turn();
      await breath();
    } catch (error) {
      if (signal.aborted) return;
      if (isAbort(error)) waiting.push(index);
      else if (error instanceof Unreachable) {
        waiting.push(index);
        await connection.back(signal);
      }
      else onFailure();
    }
  }
}

/** Lets cuts and clicks in between slices that are all at hand, also where several waited for the same cut. */
const breath = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
