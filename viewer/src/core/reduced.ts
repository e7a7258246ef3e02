// Images with more pixels along a side than canvases and textures have are drawn with fewer; their values stay all there. Pure.

import type { Bitmap } from './viewport-port';

/** What every browser can draw. */
export const MOST_SIDE = 8192;

/** How many pixels of a row are drawn as one. */
export const reduction = ({ columns, rows }: Pick<Bitmap, 'columns' | 'rows'>): number => Math.ceil(Math.max(columns, rows) / MOST_SIDE);

const made = new WeakMap<Bitmap, Bitmap>();

/** The bitmap, or every so-manieth pixel of it in the same place. */
export function drawable(bitmap: Bitmap): Bitmap {
  const by = reduction(bitmap);
  if (by <= 1) return bitmap;
  const known = made.get(bitmap) ?? every(bitmap, by);
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
  return { ...bitmap, columns, rows, pixels, pixelWidth: (bitmap.pixelWidth * bitmap.columns) / columns, pixelHeight: (bitmap.pixelHeight * bitmap.rows) / rows };
}
