// Bitmaps on a plain canvas: stored values to colours, and an image into its place in a pane.

import { imageSize, scaleOf, screenAxes, type ImageShape, type Size, type View } from '../../core/view';
import type { Bitmap, ColourNode } from '../../core/viewport-port';
import { colourTable, TABLE } from './colour-table';

/** Puts the colours of a bitmap on a canvas of its size. */
export function develop(bitmap: Bitmap, nodes: readonly ColourNode[], canvas: HTMLCanvasElement): void {
  Object.assign(canvas, { width: bitmap.columns, height: bitmap.rows });
  const context = canvas.getContext('2d');
  if (!context) return;
  const data = context.createImageData(bitmap.columns, bitmap.rows);
  const words = new Uint32Array(data.data.buffer);
  if (bitmap.samples === 3) coloured(bitmap, words);
  else greyed(bitmap, nodes, words);
  context.putImageData(data, 0, 0);
}

function greyed({ pixels }: Bitmap, nodes: readonly ColourNode[], words: Uint32Array): void {
  const table = colourTable(nodes);
  const low = nodes[0]?.value ?? 0;
  const factor = (TABLE - 1) / Math.max(1e-9, (nodes.at(-1)?.value ?? 1) - low);
  for (let i = 0; i < words.length; i += 1) {
    const at = ((pixels[i] as number) - low) * factor;
    words[i] = table[at <= 0 ? 0 : at >= TABLE - 1 ? TABLE - 1 : (at + 0.5) | 0] as number;
  }
}

function coloured({ pixels }: Bitmap, words: Uint32Array): void {
  for (let i = 0, at = 0; i < words.length; i += 1, at += 3) {
    words[i] = (255 << 24) | ((pixels[at + 2] as number) << 16) | ((pixels[at + 1] as number) << 8) | (pixels[at] as number);
  }
}

/** Draws an image of this shape where the view puts it in a pane of CSS pixels, `ratio` canvas pixels each. */
export function place(context: CanvasRenderingContext2D, image: CanvasImageSource, shape: ImageShape, view: View, pane: Size, ratio: number, smooth: boolean): void {
  const scale = scaleOf(view, shape, pane) * ratio;
  const { right, down } = screenAxes(view);
  const { width, height } = imageSize(shape);
  const { canvas } = context;
  context.setTransform(right[0] * scale, down[0] * scale, right[1] * scale, down[1] * scale, canvas.width / 2, canvas.height / 2);
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = scale < 1 ? 'medium' : 'low';
  context.drawImage(image, -width / 2 - view.x, -height / 2 - view.y, width, height);
}
