import { expect, test } from 'vitest';
import { mp4, type Mp4Frame } from '../src/core/mp4';

const frame = (size: number, duration: number, key = false): Mp4Frame => ({ bytes: new Uint8Array(size).fill(size), key, duration });
const FRAMES = [frame(5, 50, true), frame(3, 50), frame(4, 150), frame(6, 1000 / 30, true), frame(2, 1000 / 30), frame(1, 1000 / 30)];
const description = Uint8Array.of(1, 66, 224, 31);
const file = Uint8Array.from(mp4({ width: 640, height: 482, description }, FRAMES).flatMap((piece) => [...piece]));
const view = new DataView(file.buffer);
const HOLDERS = ['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl'];

/** Where the contents of each box begin, and how long they are; the boxes must fill what holds them. */
function boxes(from: number, to: number): Record<string, [number, number]> {
  const found: Record<string, [number, number]> = {};
  let at = from;
  while (at < to) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    found[type] = [at + 8, size - 8];
    if (HOLDERS.includes(type)) Object.assign(found, boxes(at + 8, at + size));
    at += size;
  }
  expect(at).toBe(to);
  return found;
}

const all = boxes(0, file.length);
const words = (type: string): number[] => Array.from({ length: (all[type]?.[1] ?? 0) / 4 }, (_, index) => view.getUint32((all[type]?.[0] ?? 0) + 4 * index));

test('frames are seen when they were, without an error that adds up', () => {
  expect(words('stts')).toEqual([0, 3, 2, 4500, 1, 13_500, 3, 3000]);
  expect([words('mdhd')[3], words('mdhd')[4], words('mvhd')[4]]).toEqual([90_000, 31_500, 31_500]);
  const odd = Uint8Array.from(mp4({ width: 2, height: 2, description }, Array.from({ length: 70 }, () => frame(1, 1000 / 70))).flatMap((piece) => [...piece]));
  const at = new TextDecoder('latin1').decode(odd).indexOf('mdhd');
  expect(new DataView(odd.buffer).getUint32(at + 20)).toBe(90_000);
});

test('frames lie where the tables say', () => {
  expect(words('stsz').slice(2)).toEqual([6, 5, 3, 4, 6, 2, 1]);
  expect(words('stsz')[1]).toBe(0);
  expect(words('stss')).toEqual([0, 2, 1, 4]);
  const [first] = words('stco').slice(2);
  expect(first).toBe(all.mdat?.[0]);
  expect([...file.subarray(first)]).toEqual(FRAMES.flatMap(({ bytes }) => [...bytes]));
  expect(Object.keys(all).slice(0, 2)).toEqual(['ftyp', 'moov']);
});

test('the track has its size and its decoder', () => {
  const [start] = all.stsd as [number, number];
  expect([view.getUint16(start + 8 + 32), view.getUint16(start + 8 + 34)]).toEqual([640, 482]);
  expect([...file.subarray(start + 8 + 86, start + 8 + 86 + 12)]).toEqual([0, 0, 0, 12, 0x61, 0x76, 0x63, 0x43, ...description]);
  expect(words('tkhd').slice(-2)).toEqual([640 * 65536, 482 * 65536]);
});
