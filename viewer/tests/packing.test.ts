import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../src/core/packing';
import type { StoredPixels } from '../src/core/viewport-port';
import type { LoadedBitmap } from '../src/viewport/bitmap-store';
import { HeldBitmaps, type HeldBitmap } from '../src/viewport/held-bitmaps';

const KINDS = [Uint8Array, Int8Array, Uint16Array, Int16Array];

/** The same numbers every time, 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A ramp with a disc and some noise, like an image. */
function image(columns: number, rows: number, noise: number): number[] {
  const next = random(7);
  return Array.from({ length: columns * rows }, (_, at) => {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    const disc = Math.hypot(x - columns / 2, y - rows / 2) < rows / 3 ? 60 : 0;
    return Math.round(40 + disc + x / 8 - y / 4 + (next() + next() - 1) * noise);
  });
}

/** Packs and unpacks: the same kind of values, each as it was. */
function expectBack(pixels: StoredPixels, columns: number): void {
  const packed = pack(pixels, columns);
  const back = packed && unpack(packed, columns);
  expect([packed?.bytes, back?.constructor, back?.length]).toEqual([pixels.byteLength, pixels.constructor, pixels.length]);
  expect(back?.findIndex((value, at) => value !== pixels[at])).toBe(-1);
}

describe('packing', () => {
  it.each(KINDS)('gives back every value of %o', (Kind) => {
    for (const [columns, rows] of [[64, 48], [37, 41], [1, 300], [300, 1], [7, 13]] as const) {
      const pixels = Kind.from(image(columns, rows, 6));
      expectBack(pixels, columns);
    }
  });

  it('makes less than half of an image with noise', () => {
    const packed = pack(Int16Array.from(image(256, 256, 40)), 256);
    expect(packed?.words.byteLength).toBeLessThan(256 * 256);
  });

  it('makes next to nothing of one value', () => {
    const pixels = new Int16Array(256 * 256).fill(-1024);
    expect(pack(pixels, 256)?.words.byteLength).toBeLessThan(pixels.byteLength / 10);
    expectBack(pixels, 256);
  });

  it.each([[Int16Array, -32768, 32767], [Uint16Array, 0, 65535], [Uint8Array, 0, 255], [Int8Array, -128, 127]] as const)('keeps jumps from end to end of %o', (Kind, low, high) => {
    const pixels = Kind.from(Array.from({ length: 64 * 64 }, (_, at) => (at % 97 === 0 ? high : at % 61 === 0 ? low : at >> 8)));
    expectBack(pixels, 64);
  });

  it('keeps rows that are cut off, and views into larger buffers', () => {
    const pixels = Uint16Array.from(image(50, 40, 4), (value) => value + 32700);
    expectBack(pixels.subarray(3, 1777), 50);
  });

  it.each(KINDS)('leaves noise over all of %o alone', (Kind) => {
    const next = random(3);
    expect(pack(Kind.from(Array.from({ length: 128 * 128 }, () => Math.floor(next() * 65536))), 128)).toBeUndefined();
  });

  it('leaves values alone that are not whole', () => {
    expect(pack(new Float32Array(64), 8)).toBeUndefined();
  });

  it('packs the next picture as well after one that it gave up', () => {
    const next = random(9);
    pack(Int16Array.from({ length: 4096 }, () => next() * 65536), 64);
    const pixels = Int16Array.from(image(64, 64, 6));
    expectBack(pixels, 64);
  });
});

describe('pictures kept', () => {
  const plain = (id: string, columns = 32): LoadedBitmap => ({ id, columns, rows: 32, pixelWidth: 1, pixelHeight: 1, samples: 1, pixels: Int16Array.from(image(columns, 32, 4)), min: 0, max: 1, source: 'browser' });
  const packed = (id: string): HeldBitmap => {
    const { pixels, ...rest } = plain(id);
    return { ...rest, packed: pack(pixels, rest.columns) as NonNullable<ReturnType<typeof pack>> };
  };
  const size = (bitmap: HeldBitmap): number => ('pixels' in bitmap ? bitmap.pixels.byteLength : bitmap.packed.words.byteLength);

  it('shows what came packed as it was, and keeps it so for the next time', () => {
    const held = new HeldBitmaps(2 ** 20);
    held.keep(packed('a'));
    expect(held.get('a')).toEqual(plain('a'));
    expect(held.get('a')).toBe(held.get('a'));
    expect(held.get('b')).toBeUndefined();
  });

  it('counts packed bytes, and unpacked ones while they are there', () => {
    const held = new HeldBitmaps(2 ** 20, 5000);
    const pictures = ['a', 'b', 'c'].map(packed);
    pictures.forEach((one) => held.keep(one));
    const alone = pictures.reduce((sum, one) => sum + size(one), 0);
    expect(held.bytes).toBe(alone);
    for (const id of ['a', 'b', 'c']) held.get(id);
    expect(held.bytes).toBe(alone + 2 * 2048);
    held.keep(plain('d'));
    held.keep(plain('d'));
    expect(held.bytes).toBe(alone + 3 * 2048);
    held.clear();
    expect(held.bytes).toBe(0);
  });

  it('stays within its budget, without the picture not asked for for longest', () => {
    const budget = 2048 + 3 * size(packed('a'));
    const held = new HeldBitmaps(budget, 2048);
    for (const id of ['a', 'b', 'c']) held.keep(packed(id));
    held.get('a');
    held.keep(packed('d'));
    expect(['a', 'b', 'c', 'd'].map((id) => held.has(id))).toEqual([true, false, true, true]);
    expect(held.bytes).toBeLessThanOrEqual(budget);
  });

  it('judges how many fit by how far the others could be packed', () => {
    const held = new HeldBitmaps(20_480);
    expect(held.fits(2048)).toBe(9);
    held.keep(plain('a'));
    expect(held.fits(2048)).toBe(9);
    held.clear();
    held.keep(packed('b'));
    expect(held.fits(2048)).toBe(Math.floor(18_432 / size(packed('b'))));
  });
});
