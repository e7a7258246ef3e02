// One PictureStore for all panes: planes of a volume come from its reslicer while there is one, differences from where they are made,
// all else from the archive.

import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import type { DisplaySet, Picture } from '../core/stack';
import type { Kind } from '../net/queue';
import type { LoadedBitmap } from './bitmap-store';
import { SUBTRACTED } from '../core/subtraction';
import type { PictureStore, ShowEarly } from './picture-store';

const isPlane = (id: string): boolean => id.startsWith('mpr:');

export class PictureSources implements PictureStore {
  readonly changed = new Signal();
  private planes: PictureStore | undefined;
  private differences: PictureStore | undefined;
  private release: (() => void) | undefined;

  constructor(private readonly frames: PictureStore) {
    frames.changed.listen(() => this.changed.emit());
  }

  /** Where planes come from, from now on. */
  usePlanes(planes: PictureStore | undefined): void {
    this.release?.();
    this.planes = planes;
    this.release = planes?.changed.listen(() => this.changed.emit());
  }

  /** Where subtracted pictures come from, from now on. */
  useDifferences(differences: PictureStore): void {
    this.differences = differences;
  }

  get(id: string): LoadedBitmap | undefined {
    return this.of(id)?.get(id);
  }

  has(id: string): boolean {
    return this.of(id)?.has(id) ?? false;
  }

  failure(id: string): string | undefined {
    return this.of(id)?.failure(id);
  }

  forgetFailure(id: string): void {
    this.of(id)?.forgetFailure(id);
  }

  fits(bytes: number): number {
    return this.frames.fits(bytes);
  }

  load(set: DisplaySet, picture: Picture, kind: Kind, early?: ShowEarly): Promise<LoadedBitmap> {
    return this.of(picture.id)?.load(set, picture, kind, early) ?? Promise.reject(new Error(t('The volume was closed')));
  }

  prefetch(set: DisplaySet, pictures: readonly Picture[]): void {
    if (!isPlane(set.id)) this.of(set.id)?.prefetch(set, pictures);
  }

  cancelPrefetch(set: DisplaySet): void {
    this.of(set.id)?.cancelPrefetch(set);
  }

  private of(id: string): PictureStore | undefined {
    if (id.startsWith(SUBTRACTED)) return this.differences;
    return isPlane(id) ? this.planes : this.frames;
  }
}
