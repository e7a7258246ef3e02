// Pictures that are kept, the most recent up to a number of bytes; those that came packed are unpacked when they are looked at, and
// the last of these stay so. All bytes count, packed and unpacked.

import { unpack, type Packed } from '../core/packing';
import type { LoadedBitmap } from './bitmap-store';

export type PackedBitmap = Omit<LoadedBitmap, 'pixels'> & { packed: Packed };
export type HeldBitmap = LoadedBitmap | PackedBitmap;

const UNPACKED_BYTES = 32 * 2 ** 20;

export class HeldBitmaps {
  private readonly held = new Map<string, HeldBitmap>();
  private readonly unpacked = new Map<string, LoadedBitmap>();
  private heldBytes = 0;
  private unpackedBytes = 0;
  /** What the pictures held would take if none were packed. */
  private wholeBytes = 0;

  constructor(
    private readonly budget: number,
    private readonly most = UNPACKED_BYTES,
  ) {}

  /** What is in memory. */
  get bytes(): number {
    return this.heldBytes + this.unpackedBytes;
  }

  get(id: string): LoadedBitmap | undefined {
    const bitmap = this.held.get(id);
    if (!bitmap) return undefined;
    this.held.delete(id);
    this.held.set(id, bitmap);
    return this.opened(bitmap);
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** How many pictures of this size fit, judged by how far the others could be packed. */
  fits(bytes: number): number {
    const share = this.wholeBytes > 0 ? this.heldBytes / this.wholeBytes : 1;
    return Math.max(1, Math.floor(((this.budget - this.unpackedBytes) * 0.9) / Math.max(1, bytes * share)));
  }

  /** Keeps a picture, and drops those that were not asked for for longest. */
  keep(bitmap: HeldBitmap): void {
    this.drop(bitmap.id);
    this.held.set(bitmap.id, bitmap);
    this.count(bitmap, 1);
    this.shrink(bitmap.id);
  }

  /** The picture with its pixels. */
  opened(bitmap: HeldBitmap): LoadedBitmap {
    if ('pixels' in bitmap) return bitmap;
    const { packed, ...rest } = bitmap;
    const known = this.unpacked.get(bitmap.id);
    this.close(bitmap.id);
    const open = known ?? { ...rest, pixels: unpack(packed, bitmap.columns) };
    this.unpacked.set(open.id, open);
    this.unpackedBytes += open.pixels.byteLength;
    for (const id of this.unpacked.keys()) {
      if (this.unpackedBytes <= this.most || id === open.id) break;
      this.close(id);
    }
    this.shrink(open.id);
    return open;
  }

  clear(): void {
    for (const id of [...this.held.keys()]) this.drop(id);
    for (const id of [...this.unpacked.keys()]) this.close(id);
  }

  private shrink(kept: string): void {
    for (const id of this.held.keys()) {
      if (this.bytes <= this.budget || id === kept) return;
      this.drop(id);
    }
  }

  private drop(id: string): void {
    const bitmap = this.held.get(id);
    if (!bitmap) return;
    this.held.delete(id);
    this.count(bitmap, -1);
    this.close(id);
  }

  private close(id: string): void {
    this.unpackedBytes -= this.unpacked.get(id)?.pixels.byteLength ?? 0;
    this.unpacked.delete(id);
  }

  private count(bitmap: HeldBitmap, sign: 1 | -1): void {
    const whole = 'pixels' in bitmap ? bitmap.pixels.byteLength : bitmap.packed.bytes;
    this.heldBytes += sign * ('pixels' in bitmap ? whole : bitmap.packed.words.byteLength);
    this.wholeBytes += sign * whole;
  }
}
