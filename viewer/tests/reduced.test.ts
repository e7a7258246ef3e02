import { describe, expect, it } from 'vitest';
import { drawable, MOST_SIDE, reduction } from '../src/core/reduced';
import { imageSize } from '../src/core/view';

const bitmap = (columns: number, rows: number, samples: 1 | 3 = 1) => ({ id: 'x', columns, rows, samples, pixels: Uint8Array.from({ length: columns * rows * samples }, (_, index) => index % 251), min: 0, max: 250, pixelWidth: 1, pixelHeight: 1 });

describe('drawable', () => {
  it('leaves what can be drawn', () => {
    const small = bitmap(MOST_SIDE, 1);
    expect(drawable(small)).toBe(small);
  });
  it('takes every so-manieth pixel of what is too wide, in the same place, once', () => {
    const wide = bitmap(MOST_SIDE * 2 + 1, 6);
    const drawn = drawable(wide);
    expect([reduction(wide), drawn.columns, drawn.rows]).toEqual([3, Math.floor((MOST_SIDE * 2 + 1) / 3), 2]);
    expect(drawn.pixels[drawn.columns + 1]).toBe(wide.pixels[3 * wide.columns + 3]);
    expect(imageSize(drawn).width).toBeCloseTo(imageSize(wide).width);
    expect(imageSize(drawn).height).toBeCloseTo(imageSize(wide).height);
    expect(drawable(wide)).toBe(drawn);
  });
  it('keeps the samples of a pixel together', () => {
    const wide = bitmap(MOST_SIDE + 2, 2, 3);
    expect([...drawable(wide).pixels.subarray(3, 6)]).toEqual([...wide.pixels.subarray(6, 9)]);
  });
});
