// RLE Lossless (PS3.5 Annex G). Segments are byte planes, most significant first, one sample after another.

import { DecodeProblem } from './problem';
import type { PixelDescription } from '../../core/pixels';

function unpack(source: Uint8Array, from: number, to: number, out: Uint8Array, start: number, step: number, count: number): number {
  let at = from;
  let written = 0;
  while (at < to && written < count) {
    const control = source[at++] as number;
    if (control < 128) {
      for (let left = control + 1; left > 0 && written < count && at < to; left -= 1) {
        out[start + step * written++] = source[at++] as number;
      }
    } else if (control > 128) {
      const value = source[at++] as number;
      for (let left = 257 - control; left > 0 && written < count; left -= 1) out[start + step * written++] = value;
    }
  }
  return written;
}

/** Pixels interleaved by sample, little endian. */
export function decodeRle(
  source: Uint8Array,
  description: PixelDescription,
): { bytes: Uint8Array<ArrayBuffer>; bitsPerSample: number; samples: number; planar: boolean; incomplete: boolean } {
  const { Rows, Columns, SamplesPerPixel, BitsAllocated } = description;
  const header = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const width = BitsAllocated / 8;
  const segments = header.getUint32(0, true);
  if (!Number.isInteger(width) || segments !== width * SamplesPerPixel) throw new DecodeProblem('RLE frame has {segments} segments', { segments });
  const pixels = Rows * Columns;
  const bytes = new Uint8Array(pixels * SamplesPerPixel * width);
  let incomplete = false;
  for (let segment = 0; segment < segments; segment += 1) {
    const from = header.getUint32(4 + segment * 4, true);
    const to = segment + 1 < segments ? header.getUint32(8 + segment * 4, true) : source.length;
    const sample = Math.floor(segment / width);
    const byte = width - 1 - (segment % width);
    incomplete = unpack(source, from, to, bytes, sample * width + byte, SamplesPerPixel * width, pixels) < pixels || incomplete;
  }
  return { bytes, bitsPerSample: BitsAllocated, samples: SamplesPerPixel, planar: false, incomplete };
}
