// The colours of an overlay as a picture of their own, clear where its volume does not reach.

import { OUTSIDE } from '../../core/reslice';
import type { ColourNode } from '../../core/viewport-port';
import type { LoadedBitmap } from '../bitmap-store';
import { develop } from '../canvas/drawing';

export function developOver(bitmap: LoadedBitmap, nodes: readonly ColourNode[], canvas: HTMLCanvasElement): void {
  develop(bitmap, nodes, canvas);
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const words = new Uint32Array(image.data.buffer);
  for (let i = 0; i < words.length; i += 1) if (bitmap.pixels[i] === OUTSIDE) words[i] = 0;
  context.putImageData(image, 0, 0);
}
