// Images with more pixels along a side than canvases and textures have are drawn with fewer; their values stay all there. Pure.

import type { Bitmap, Fewer, StoredPixels } from './viewport-port';

/** What every browser can draw. */
export const MOST_SIDE = 8192;

/** How many pixels of a row are drawn as one. */
export const reduction = ({ columns, rows }: Pick<Bitmap, 'columns' | 'rows'>): number => Math.ceil(Math.max(columns, rows) / MOST_SIDE);

const made = new WeakMap<Bitmap, Bitmap>();

/** The bitmap; or those of its pixels that have come, or every so-manieth, in the same place. */
export function drawable(bitmap: Bitmap): Bitmap {
  const by = reduction(bitmap);
  if (by <= 1 && !bitmap.reduced) return bitmap;
  const known = made.get(bitmap) ?? (bitmap.reduced ? stretched(bitmap, bitmap.reduced, bitmap.pixels) : every(bitmap, by));
  made.set(bitmap, known);
  return known;
}

function every(bitmap: Bitmap, by: number): Bitmap {
  const { samples, pixels: from } = bitmap;
  const [columns, rows] = [Math.max(1, Math.floor(bitmap.columns / by)), Math.max(1, Math.floor(bitmap.rows / by))];
  const pixels = from.slice(0, columns * rows * samples);
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const source = (row * by * bitmap.columns + column * by) * samples;
      for (let sample = 0; sample < samples; sample += 1) pixels[at++] = from[source + sample] as number;
    }
  }
  return stretched(bitmap, { columns, rows }, pixels);
}

/** The bitmap with other pixels over the same place. */
const stretched = (bitmap: Bitmap, { columns, rows }: Pick<Bitmap, 'columns' | 'rows'>, pixels: StoredPixels): Bitmap => ({
  ...bitmap,
  columns,
  rows,
  pixels,
  pixelWidth: (bitmap.pixelWidth * bitmap.columns) / columns,
  pixelHeight: (bitmap.pixelHeight * bitmap.rows) / rows,
});

/** Pixels of a lower resolution, which lie on the first and then every so-manieth of the whole image, as such that cover it evenly. */
export function covering(pixels: StoredPixels, samples: number, whole: Pick<Bitmap, 'columns' | 'rows'>, by: number): { pixels: StoredPixels; reduced: Fewer } {
  const [columns, rows] = [Math.ceil(whole.columns / by), Math.ceil(whole.rows / by)];
  const [across, down] = [middles(columns, whole.columns, by), middles(rows, whole.rows, by)];
  const out = pixels.slice(0, columns * rows * samples);
  for (let row = 0, to = 0; row < rows; row += 1) {
    const [above, lower] = split(down[row] as number);
    const below = above + 1 < rows ? columns * samples : 0;
    for (let column = 0; column < columns; column += 1) {
      const [left, righter] = split(across[column] as number);
      const right = left + 1 < columns ? samples : 0;
      for (let at = (above * columns + left) * samples, end = at + samples; at < end; at += 1) {
        const upper = mixed(pixels, at, at + right, righter);
        out[to++] = Math.round(upper + lower * (mixed(pixels, at + below, at + below + right, righter) - upper));
      }
    }
  }
  return { pixels: out, reduced: { by, columns, rows } };
}

const split = (place: number): [number, number] => [Math.floor(place), place - Math.floor(place)];
const mixed = (pixels: StoredPixels, one: number, other: number, share: number): number => (pixels[one] as number) * (1 - share) + (pixels[other] as number) * share;

/** Where the middles of as many equal parts of `whole` pixels lie, counted in pixels of which the first lies on the first of the whole, and each `by` further. */
const middles = (count: number, whole: number, by: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => Math.min(count - 1, Math.max(0, (((index + 0.5) * whole) / count - 0.5) / by)));
