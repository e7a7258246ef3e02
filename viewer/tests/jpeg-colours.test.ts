// Which application markers a JPEG gets so that its components are read as the header means them.

import { describe, expect, it } from 'vitest';
import { withColours } from '../src/viewport/decode/jpeg-colours';

const JFIF = [0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
const adobe = (transform: number): number[] => [0xff, 0xee, 0, 14, 65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, transform];
/** Start of frame of three components, the first of which is sampled so. */
const frame = (sampling: number): number[] => [0xff, 0xc0, 0, 17, 8, 0, 4, 0, 4, 3, 1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1];
const SCAN = [0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9];
const jpeg = (...parts: number[][]): Uint8Array<ArrayBuffer> => Uint8Array.from([0xff, 0xd8, ...parts.flat(), ...SCAN]);

describe('components of a JPEG', () => {
  it.each([
    ['nothing said, RGB in the header', jpeg(frame(0x11)), true, 0],
    ['JFIF, RGB in the header', jpeg(JFIF, frame(0x11)), true, 0],
    ['halved chroma cannot be RGB', jpeg(JFIF, frame(0x21)), true, 1],
    ['a writer that transformed it and called it RGB', jpeg(adobe(1), frame(0x11)), true, 1],
    ['a writer that says it is RGB', jpeg(adobe(0), frame(0x21)), true, 0],
    ['YBR in the header', jpeg(frame(0x11)), false, 1],
    ['YBR in the header, RGB in the marker', jpeg(adobe(0), frame(0x11)), false, 1],
    ['a marker behind the frame', jpeg(frame(0x11), adobe(1)), true, 1],
  ])('%s', (_, bytes, rgb, transform) => {
    const sampling = bytes[bytes.indexOf(0xc0) + 10] ?? 0;
    expect([...withColours(bytes, rgb)]).toEqual([...jpeg(adobe(transform), frame(sampling))]);
  });

  it('leaves alone what is no JPEG', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    expect(withColours(bytes, true)).toBe(bytes);
  });
});
