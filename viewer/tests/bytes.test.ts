import { describe, expect, it } from 'vitest';
import { interleaved, keepStoredBits, readPixelDescription, rgbFromPalette, rgbFromYbrFull, rgbFromYbrFull422, type PixelDescription } from '../src/core/pixels';
import { parameter, readMultipart } from '../src/net/multipart';
import { RequestQueue } from '../src/net/queue';
import { colourTable } from '../src/viewport/canvas/colour-table';
import { decodeFrame } from '../src/viewport/decode/decode';
import { decodeRle } from '../src/viewport/decode/rle';
import { dataSet } from './builders';

const bytes = (text: string) => new TextEncoder().encode(text);
const describeImage = (values: Parameters<typeof dataSet>[0]): PixelDescription => readPixelDescription(dataSet({ Rows: 1, Columns: 4, BitsAllocated: 16, ...values }));
const LITTLE = '1.2.840.10008.1.2.1';

describe('multipart', () => {
  const type = 'multipart/related; type="application/octet-stream"; boundary="B 0"';
  it('reads parts with their headers', () => {
    const parts = readMultipart(type, bytes('--B 0\r\nContent-Type: a/b; transfer-syntax=1.2\r\n\r\none\r\n--B 0\r\nX: y\r\n\r\n\r\n\r\n--B 0--\r\n'));
    expect(parts.map((part) => new TextDecoder().decode(part.body))).toEqual(['one', '\r\n']);
    expect(parameter(parts[0]?.headers.get('content-type') ?? '', 'transfer-syntax')).toBe('1.2');
  });
  it('is not misled by the boundary in the data', () => expect(readMultipart(type, bytes('--B 0\r\n\r\nx\r\n--B 0x\r\n--B 0--'))[0]?.body).toEqual(bytes('x\r\n--B 0x')));
  it.each([['no boundary', 'multipart/related', ''], ['no part', type, 'nothing'], ['cut off', type, '--B 0\r\nX: y\r\n\r\nhalf']])('refuses %s', (_, header, body) => expect(() => readMultipart(header, bytes(body))).toThrow());
});

describe('stored values', () => {
  const decode = async (pixels: Uint8Array<ArrayBuffer>, description: PixelDescription) => (await decodeFrame({ bytes: pixels, transferSyntaxUID: LITTLE, description })).pixels;
  const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);
  it('of 16 bits unsigned and signed', async () => {
    expect([...(await decode(words(1, 2, 65535, 4), describeImage({})))]).toEqual([1, 2, 65535, 4]);
    expect([...(await decode(words(1, 2, 65535, 4), describeImage({ PixelRepresentation: 1 })))]).toEqual([1, 2, -1, 4]);
  });
  it('lose what lies above the high bit', async () => expect([...(await decode(words(0xf001, 0x0fff, 0x0800, 0), describeImage({ BitsStored: 12, HighBit: 11 })))]).toEqual([1, 4095, 2048, 0]));
  it('extend the sign of 12 bits', async () => expect([...(await decode(words(0x0fff, 0x0800, 0x07ff, 0), describeImage({ BitsStored: 12, HighBit: 11, PixelRepresentation: 1 })))]).toEqual([-1, -2048, 2047, 0]));
  it('of single bits, the low one first', async () => expect([...(await decode(Uint8Array.of(0b0000_1010), describeImage({ BitsAllocated: 1, BitsStored: 1, HighBit: 0 })))]).toEqual([0, 1, 0, 1]));
  it('of floating point', async () => expect([...(await decode(new Uint8Array(Float32Array.of(0.5, -1, 2, 3).buffer), { ...describeImage({ BitsAllocated: 32 }), PixelRepresentation: 2 }))]).toEqual([0.5, -1, 2, 3]));
  it('shifted down to their lowest bit', () => {
    const pixels = Uint16Array.of(0xfff0);
    keepStoredBits(pixels, describeImage({ BitsStored: 12, HighBit: 15 }));
    expect(pixels[0]).toBe(0xfff);
  });
  it('must be all there', async () => expect(decode(words(1, 2), describeImage({}))).rejects.toThrow('cut off'));
  it('need a decoder', async () => expect(decodeFrame({ bytes: words(1), transferSyntaxUID: '1.2.3', description: describeImage({}) })).rejects.toThrow('No decoder'));
});

describe('colour', () => {
  it('from YBR', () => expect([...rgbFromYbrFull(Uint8Array.of(100, 128, 128, 76, 85, 255))]).toEqual([100, 100, 100, 254, 0, 0]));
  it('from YBR 4:2:2', () => expect([...rgbFromYbrFull422(Uint8Array.of(10, 20, 128, 128), 2)]).toEqual([10, 10, 10, 20, 20, 20]));
  it('from planes', () => expect([...interleaved(Uint8Array.of(1, 2, 3, 4, 5, 6))]).toEqual([1, 3, 5, 2, 4, 6]));
  it('from a palette, held at its ends', () => {
    const palette = { first: 10, red: Uint16Array.of(0x1100, 0x2200), green: Uint16Array.of(0, 0), blue: Uint16Array.of(0xff00, 0), bits: 16 };
    expect([...rgbFromPalette(Uint8Array.of(0, 11, 99), palette)]).toEqual([0x11, 0, 0xff, 0x22, 0, 0, 0x22, 0, 0]);
  });
});

describe('RLE', () => {
  const frame = (...segments: number[][]) => {
    const header = new Uint32Array(16);
    header[0] = segments.length;
    segments.reduce((at, segment, index) => ((header[index + 1] = at), at + segment.length), 64);
    return Uint8Array.of(...new Uint8Array(header.buffer), ...segments.flat());
  };
  it('joins byte planes, most significant first', () => {
    const { bytes: out } = decodeRle(frame([253, 1], [3, 10, 11, 12, 13]), describeImage({}));
    expect([...new Uint16Array(out.buffer)]).toEqual([0x010a, 0x010b, 0x010c, 0x010d]);
  });
  it('interleaves samples', () => expect([...decodeRle(frame([0, 1], [0, 2], [0, 3]), describeImage({ Columns: 1, BitsAllocated: 8, SamplesPerPixel: 3 })).bytes]).toEqual([1, 2, 3]));
  it('refuses another number of segments', () => expect(() => decodeRle(frame([0, 1]), describeImage({}))).toThrow('segments'));
  it('stops at the end of the frame whatever the data say', () => expect(decodeRle(frame([129, 7], [129, 8]), describeImage({})).bytes).toHaveLength(8));
});

describe('the request queue', () => {
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
  function work(log: string[], name: string) {
    let finish = (): void => undefined;
    return { run: () => (log.push(name), new Promise<string>((resolve) => (finish = () => resolve(name)))), finish: () => finish() };
  }
  it('lets interaction pass thumbnails and prefetch', async () => {
    const queue = new RequestQueue();
    const log: string[] = [];
    const first = Array.from({ length: 6 }, (_, index) => work(log, `first${index}`));
    first.forEach(({ run }) => queue.add('interaction', run));
    for (const kind of ['prefetch', 'thumbnail', 'interaction'] as const) queue.add(kind, work(log, kind).run);
    expect(log).toHaveLength(6);
    for (const { finish } of first.slice(0, 3)) {
      finish();
      await settled();
    }
    expect(log.slice(6)).toEqual(['interaction', 'thumbnail', 'prefetch']);
  });
  it('holds back what nobody waits for', async () => {
    const queue = new RequestQueue();
    const log: string[] = [];
    const [release, other] = [queue.hold(), queue.hold()];
    for (const kind of ['prefetch', 'thumbnail', 'interaction'] as const) queue.add(kind, work(log, kind).run);
    release();
    release();
    await settled();
    expect(log).toEqual(['interaction']);
    other();
    expect(log).toEqual(['interaction', 'thumbnail', 'prefetch']);
  });
  it('promotes, cancels and withdraws', async () => {
    const queue = new RequestQueue();
    const log: string[] = [];
    const running = Array.from({ length: 4 }, (_, index) => work(log, `running${index}`));
    const tickets = running.map(({ run }) => queue.add('prefetch', run));
    const waiting = ['a', 'b', 'c'].map((name) => queue.add('prefetch', work(log, name).run));
    expect(tickets[0]?.withdraw()).toBe(false);
    expect(waiting[0]?.withdraw()).toBe(true);
    await expect(waiting[0]?.result).rejects.toThrow('Cancelled');
    waiting[2]?.promote('interaction');
    expect(log.slice(4)).toEqual(['c']);
    running[0]?.finish();
    await settled();
    expect(log.slice(4)).toEqual(['c', 'b']);
  });
});

it('makes a table of colours from nodes', () => {
  const table = colourTable([{ value: 0, red: 0, green: 0, blue: 0 }, { value: 100, red: 1, green: 1, blue: 1 }]);
  expect([table[0], table.at(-1)]).toEqual([0xff000000, 0xffffffff]);
});
