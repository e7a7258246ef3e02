import { describe, expect, it, vi } from 'vitest';
import { canBeInterpolated, type PixelDescription } from '../src/core/pixels';
import { covering, drawable } from '../src/core/reduced';
import { lowerResolution } from '../src/core/resolutions';
import { imageSize } from '../src/core/view';
import { readArriving } from '../src/net/arriving';
import { DicomWebClient, type EncodedFrame } from '../src/net/dicomweb';
import { decodeFrame } from '../src/viewport/decode/decode';
import { sharpening } from '../src/viewport/sharpening';
import { bitmap } from './builders';
import ramp64 from './data/ramp.j2c?inline';

vi.mock('@cornerstonejs/codec-openjph/wasm?url', () => ({ default: new URL('../node_modules/@cornerstonejs/codec-openjph/dist/openjphjs.wasm', import.meta.url).pathname }));

/** 12 bits, 200 × 150, in 1.2.840.10008.1.2.4.202 by the archive: a ramp, and in it a square as bright as can be. */
const STREAM = Uint8Array.from(atob(ramp64.slice(ramp64.indexOf(',') + 1)), (letter) => letter.charCodeAt(0));
const RPCL = '1.2.840.10008.1.2.4.202';
const WHOLE: PixelDescription = { Rows: 150, Columns: 200, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PlanarConfiguration: 0, BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 };
const ramp = (row: number, column: number): number => 200 + 8 * row + 5 * column;
const job = (bytes: Uint8Array<ArrayBuffer>, reducedBy?: number) => ({ bytes, transferSyntaxUID: RPCL, description: WHOLE, ...(reducedBy ? { reducedBy } : {}) });
const ends = (): number[] => [...new Set(Array.from({ length: STREAM.length + 1 }, (_, length) => lowerResolution(STREAM.subarray(0, length))?.end ?? 0))];
/** With one byte of the stream changed, where some bytes stand. */
function changed(marker: number, offset: number, value: number): Uint8Array<ArrayBuffer> {
  const bytes = STREAM.slice();
  const at = bytes.findIndex((byte, index) => byte === 0xff && bytes[index + 1] === marker);
  bytes[at + offset] = value;
  return bytes;
}

describe('the beginning of a codestream', () => {
  it('holds a resolution from its last byte on, and is never taken for the whole image', () => {
    const found = ends();
    expect(found).toHaveLength(3);
    for (const [index, by] of [4, 2].entries()) {
      const end = found[index + 1] as number;
      expect(lowerResolution(STREAM.subarray(0, end - 1))?.end ?? 0).toBe(found[index]);
      expect(lowerResolution(STREAM.subarray(0, end))).toEqual({ end, by });
    }
    expect(lowerResolution(STREAM)?.by).toBe(2);
  });
  it('holds none where resolutions do not follow one another, or are none', () => {
    expect(lowerResolution(changed(0x52, 5, 0))).toBeUndefined(); // by layer
    expect(lowerResolution(changed(0x52, 5, 4))).toBeUndefined(); // by component
    expect(lowerResolution(changed(0x51, 25, 100))).toBeUndefined(); // tiles
    expect(lowerResolution(changed(0x90, 11, 1))).toBeUndefined(); // one tile-part
    expect(lowerResolution(changed(0x90, 8, 0))).toBeUndefined(); // of unknown length
    expect(lowerResolution(STREAM.map((byte) => byte ^ 0xff))).toBeUndefined();
    expect(lowerResolution(new Uint8Array())).toBeUndefined();
  });
});

describe('a reduced frame', () => {
  it.each([[1, 4], [2, 2]])('is the whole one in fewer pixels, in its place, and never beyond what is stored', async (index, by) => {
    const { pixels, reduced, min, max, incomplete, samples } = await decodeFrame(job(STREAM.slice(0, ends()[index]), by));
    expect([reduced, samples, incomplete]).toEqual([{ by, columns: 200 / by, rows: Math.ceil(150 / by) }, 1, undefined]);
    const { columns, rows } = reduced ?? { columns: 0, rows: 0 };
    const at = (row: number, column: number): number => pixels[Math.floor((row * rows) / 150) * columns + Math.floor((column * columns) / 200)] as number;
    const middle = (place: number, count: number, whole: number): number => ((Math.floor((place * count) / whole) + 0.5) * whole) / count - 0.5;
    for (const [row, column] of [[16, 20], [110, 30], [120, 160], [20, 180]] as const) {
      expect(Math.abs(at(row, column) - ramp(middle(row, rows, 150), middle(column, columns, 200)))).toBeLessThanOrEqual(2);
    }
    for (let row = 44; row < 76; row += 1) for (let column = 64; column < 116; column += 1) expect(at(row, column)).toBeGreaterThan(3700);
    expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([min, max]);
    expect(max).toBeLessThanOrEqual(4095);
  });
  it('is the same however much of the next resolution has come', async () => {
    const [, end = 0, next = 0] = ends();
    const exact = await decodeFrame(job(STREAM.slice(0, end), 4));
    for (const length of [end + 1, (end + next) >> 1, STREAM.length]) expect((await decodeFrame(job(STREAM.slice(0, length), 4))).pixels).toEqual(exact.pixels);
  });
  it('is followed by the whole one, or by one that says that it is cut off', async () => {
    const whole = await decodeFrame(job(STREAM.slice()));
    expect([whole.reduced, whole.incomplete]).toEqual([undefined, undefined]);
    for (const [row, column] of [[0, 0], [149, 199], [100, 7]] as const) expect(whole.pixels[row * 200 + column]).toBe(ramp(row, column));
    expect(whole.pixels[60 * 200 + 90]).toBe(4095);
    const cut = await decodeFrame(job(STREAM.slice(0, STREAM.length - 900)));
    expect([cut.reduced, cut.incomplete]).toEqual([undefined, true]);
  });
  it('covers the place of the whole one evenly', () => {
    const across = Uint16Array.from({ length: 25 }, (_, index) => 80 * index);
    const { pixels, reduced } = covering(across, 1, { columns: 195, rows: 1 }, 8);
    expect(reduced).toEqual({ by: 8, columns: 25, rows: 1 });
    expect(pixels[0]).toBe(Math.round(10 * (195 / 25 / 2 - 0.5)));
    expect(pixels[12]).toBe(970); // in the middle of 195 pixels
    const colours = covering(Uint8Array.of(0, 10, 20, 100, 110, 120), 3, { columns: 4, rows: 1 }, 2);
    expect([...colours.pixels]).toEqual([25, 35, 45, 100, 110, 120]);
    const image = { ...bitmap(new Uint8Array(200 * 150), 200), pixels, reduced: { by: 8, columns: 25, rows: 19 } };
    expect([drawable(image).columns, drawable(image).rows, imageSize(drawable(image))]).toEqual([25, 19, imageSize(image)]);
  });
  it('is made of values between which there are others', () => {
    expect(canBeInterpolated(WHOLE)).toBe(true);
    for (const not of [{ PhotometricInterpretation: 'PALETTE COLOR' }, { HighBit: 15 }, { BitsAllocated: 1, BitsStored: 1, HighBit: 0 }]) expect(canBeInterpolated({ ...WHOLE, ...not })).toBe(false);
  });
});

describe('sharpening', () => {
  const large = { ...WHOLE, Rows: 600, Columns: 800 };
  const frame = (length: number): EncodedFrame => ({ transferSyntaxUID: RPCL, bytes: STREAM.subarray(0, length) });
  function made(description = large, wanted = true) {
    const made: number[] = [];
    let done = (): void => undefined;
    const arrived = sharpening(description, false, {
      wanted: () => wanted,
      make: ({ bytes }, by) => {
        expect(bytes).toEqual(STREAM.slice(0, ends()[by === 4 ? 1 : 2]));
        made.push(by);
        return new Promise((resolve) => (done = resolve));
      },
    });
    return { made, arrived, done: () => (done(), new Promise((resolve) => setTimeout(resolve))) };
  }
  const [, first = 0, second = 0] = ends();

  it('makes one after the other, each higher than the one before', async () => {
    const { made: seen, arrived, done } = made({ ...large, Rows: 1200 });
    arrived(frame(first - 1), 900);
    arrived(frame(first), 900);
    arrived(frame(second), 900);
    expect(seen).toEqual([4]);
    await done();
    arrived(frame(second), 900);
    await done();
    arrived(frame(STREAM.length), 900);
    expect(seen).toEqual([4, 2]);
  });
  it('makes none that nobody waits for, that the whole one soon follows, or that shows too little', () => {
    for (const [description, wanted, remaining] of [[large, false, 900], [large, true, 100], [large, true, NaN], [WHOLE, true, 900]] as const) {
      const { made: seen, arrived } = made(description, wanted);
      arrived(frame(second), Number.isNaN(remaining) ? 0 : remaining);
      expect(seen).toEqual([]);
    }
  });
});

describe('a body that arrives', () => {
  const total = 2 ** 18 + 10;
  const body = Uint8Array.from({ length: total }, (_, index) => index % 251);
  const isBody = (bytes?: Uint8Array): boolean => bytes?.length === total && body.every((byte, index) => byte === bytes[index]);
  const answer = (headers: Record<string, string>, cuts: readonly number[], ends = true): Response => {
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const next = cuts[at++];
        if (next !== undefined) controller.enqueue(body.slice(cuts[at - 2] ?? 0, next));
        else if (ends) controller.close();
        else controller.error(new TypeError('network error'));
      },
    });
    return new Response(stream, { headers });
  };
  const long = { 'content-length': String(total) };

  it('is told of with the time that the rest takes', async () => {
    const told: [number, number][] = [];
    let time = 0;
    const whole = await readArriving(answer(long, [1000, 2000, 4000, total]), ({ bytes, remaining }) => told.push([bytes.length, Math.round(remaining)]), () => (time += 100));
    expect(isBody(new Uint8Array(whole))).toBe(true);
    expect(told.slice(0, 2)).toEqual([[2000, Math.round((total - 2000) / 10)], [4000, Math.round(((total - 4000) * 200) / 3000)]]);
  });
  it('is not told of where it is short, or its length is not known', async () => {
    for (const headers of [{}, { 'content-length': '4000' }, { ...long, 'content-encoding': 'gzip' }]) {
      const told = vi.fn();
      expect((await readArriving(answer(headers, [1000, 4000]), told)).byteLength).toBe(4000);
      expect(told).not.toHaveBeenCalled();
    }
  });
  it('fails as a whole where it breaks off', async () => {
    await expect(readArriving(answer(long, [1000, 2000], false), () => undefined)).rejects.toThrow('network error');
  });
  it('is told of as the frame in it', async () => {
    const head = new TextEncoder().encode(`--B\r\nContent-Type: application/octet-stream; transfer-syntax=${RPCL}\r\n\r\n`);
    const tail = new TextEncoder().encode('\r\n--B--');
    const bytes = Uint8Array.of(...head, ...body.subarray(0, 1000));
    const length = head.length + total + tail.length;
    const pieces = [bytes, body.slice(1000, 3000), body.slice(3000), tail];
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const piece = pieces.shift();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    });
    const headers = { 'content-type': `multipart/related; type="application/octet-stream"; transfer-syntax=${RPCL}; boundary=B`, 'content-length': String(length) };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(stream, { headers })));
    const told: EncodedFrame[] = [];
    const frames = await new DicomWebClient('', '').frames({ study: '1', series: '2', instance: '3' }, [1], 'stored', new AbortController().signal, ({ bytes, ...rest }) => told.push({ ...rest, bytes: bytes.slice() }));
    vi.unstubAllGlobals();
    expect([frames.length, frames[0]?.transferSyntaxUID, isBody(frames[0]?.bytes)]).toEqual([1, RPCL, true]);
    expect(told[0]).toEqual({ transferSyntaxUID: RPCL, bytes: body.slice(0, 3000) });
  });
});
