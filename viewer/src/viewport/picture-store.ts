// Where a pane gets its pictures from: the archive's frames, or planes cut from a volume.

import type { Signal } from '../core/lifecycle';
import type { DisplaySet, Picture } from '../core/stack';
import type { Kind } from '../net/queue';
import type { LoadedBitmap } from './bitmap-store';

export type ShowEarly = (bitmap: LoadedBitmap) => void;

export interface PictureStore {
  readonly changed: Signal;
  get(id: string): LoadedBitmap | undefined;
  has(id: string): boolean;
  failure(id: string): string | undefined;
  forgetFailure(id: string): void;
  /** How many pictures of this size may be kept ahead. */
  fits(bytes: number): number;
  /** `early` is shown what there is of the picture before it is whole, if it takes long. */
  load(set: DisplaySet, picture: Picture, kind: Kind, early?: ShowEarly): Promise<LoadedBitmap>;
  prefetch(set: DisplaySet, pictures: readonly Picture[]): void;
  cancelPrefetch(set: DisplaySet): void;
}
