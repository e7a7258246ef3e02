// PictureStore of subtracted pictures: a frame and its mask from the archive's frames, made into one when it is wanted.

import { t } from '../../core/language';
import { difference, maskOf, masksOf, SUBTRACTED, type Subtraction } from '../../core/subtraction';
import { extremes } from '../../core/pixels';
import type { Signal } from '../../core/lifecycle';
import type { DisplaySet, Picture } from '../../core/stack';
import type { Kind } from '../../net/queue';
import type { LoadedBitmap } from '../bitmap-store';
import type { PictureStore } from '../picture-store';

/** Pictures kept, so that drawing one again makes nothing anew. */
const KEPT = 4;

interface Entry {
  base: DisplaySet;
  /** As it is stored. */
  picture: Picture;
  masks: readonly Picture[] | undefined;
  by: Subtraction;
}

export class Differences implements PictureStore {
  readonly changed: Signal;
  private readonly entries = new Map<string, Entry>();
  private readonly kept = new Map<string, LoadedBitmap>();
  private mask: { key: string; values: Float32Array } | undefined;

  constructor(private readonly frames: PictureStore) {
    this.changed = frames.changed;
  }

  /** What the pictures of a set are from now on. */
  use({ subtraction }: DisplaySet): void {
    if (!subtraction) return;
    const { base, by } = subtraction;
    const byFrame = new Map(base.pictures.map((picture) => [picture.frame, picture]));
    for (const picture of base.pictures) {
      const masks = masksOf(by, picture.frame)?.flatMap((frame) => byFrame.get(frame) ?? []);
      this.entries.set(SUBTRACTED + picture.id, { base, picture, masks: masks?.length ? masks : undefined, by });
      this.kept.delete(SUBTRACTED + picture.id);
    }
  }

  get(id: string): LoadedBitmap | undefined {
    const known = this.kept.get(id);
    if (known) return known;
    const entry = this.entries.get(id);
    const frame = entry && this.frames.get(entry.picture.id);
    if (!entry || !frame || frame.samples === 3) return undefined;
    const mask = this.maskFor(entry);
    return mask === undefined ? undefined : this.keep(id, made(id, frame, mask, entry.by));
  }

  has(id: string): boolean {
    const entry = this.entries.get(id);
    if (!entry || !this.frames.has(entry.picture.id)) return false;
    return this.mask?.key === keyOf(entry) || (entry.masks ?? []).every((mask) => this.frames.has(mask.id));
  }

  failure(id: string): string | undefined {
    return this.stored(id).map((one) => this.frames.failure(one)).find(Boolean);
  }

  forgetFailure(id: string): void {
    for (const one of this.stored(id)) this.frames.forgetFailure(one);
  }

  fits(bytes: number): number {
    return this.frames.fits(bytes);
  }

  async load(_: DisplaySet, { id }: Picture, kind: Kind): Promise<LoadedBitmap> {
    const entry = this.entries.get(id);
    if (!entry) throw new Error(t('This picture is subtracted no more'));
    const [frame] = await Promise.all([entry.picture, ...(entry.masks ?? [])].map((picture) => this.frames.load(entry.base, picture, kind)));
    const bitmap = this.get(id);
    if (bitmap) return bitmap;
    throw new Error(frame?.samples === 3 ? t('Pictures drawn by the archive cannot be subtracted') : t('The mask does not fit into memory beside the frames'));
  }

  prefetch({ subtraction }: DisplaySet, pictures: readonly Picture[]): void {
    if (subtraction) this.frames.prefetch(subtraction.base, pictures.flatMap(({ id }) => this.entries.get(id)?.picture ?? []));
  }

  cancelPrefetch({ subtraction }: DisplaySet): void {
    if (subtraction) this.frames.cancelPrefetch(subtraction.base);
  }

  private stored(id: string): string[] {
    const entry = this.entries.get(id);
    return entry ? [entry.picture, ...(entry.masks ?? [])].map((picture) => picture.id) : [];
  }

  /** Null where the frame has none; undefined while one is not loaded. */
  private maskFor(entry: Entry): Float32Array | null | undefined {
    if (!entry.masks) return null;
    const key = keyOf(entry);
    if (this.mask?.key === key) return this.mask.values;
    const planes = entry.masks.map(({ id }) => this.frames.get(id));
    if (planes.some((plane) => plane?.samples !== 1)) return undefined;
    this.mask = { key, values: maskOf(planes as LoadedBitmap[], entry.by) };
    return this.mask.values;
  }

  private keep(id: string, bitmap: LoadedBitmap): LoadedBitmap {
    this.kept.set(id, bitmap);
    const oldest = this.kept.size > KEPT ? this.kept.keys().next().value : undefined;
    if (oldest !== undefined) this.kept.delete(oldest);
    return bitmap;
  }
}

const keyOf = ({ masks, by }: Entry): string => `${(masks ?? []).map(({ id }) => id).join(' ')} ${by.shift.join(' ')} ${by.top}`;

/** A frame without a mask is less nothing: it stays grey as it is, around 0. */
function made(id: string, frame: LoadedBitmap, mask: Float32Array | null, { top }: Subtraction): LoadedBitmap {
  const pixels = mask ? difference(frame, mask, top) : new Float32Array(frame.pixels.length);
  const [min, max] = extremes(pixels);
  return { ...frame, id, pixels, min, max };
}
