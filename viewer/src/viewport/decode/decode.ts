// One frame from encoded bytes to a bitmap: stored values, or RGB for colour. Knows no worker, no network.

import type { Packed } from '../../core/packing';
import { extremes, interleaved, keepStoredBits, limitToStoredBits, rgbFromPalette, rgbFromYbrFull, rgbFromYbrFull422, type Palette, type PixelDescription } from '../../core/pixels';
import { covering } from '../../core/reduced';
import type { Fewer, StoredPixels } from '../../core/viewport-port';
import { decodeBeginning, decoderFor, type Decoded } from './codecs';
import { DecodeProblem } from './problem';

export interface DecodeJob {
  bytes: Uint8Array<ArrayBuffer>;
  transferSyntaxUID: string;
  description: PixelDescription;
  palette?: Palette;
  /** Bits of the pixel cells that are overlays (retired form). */
  overlayBits?: readonly number[];
  /** The bytes are the beginning of an HTJ2K codestream, which holds the image with one of so many pixels a side. */
  reducedBy?: number;
}

export interface DecodedFrame {
  pixels: StoredPixels;
  samples: 1 | 3;
  min: number;
  max: number;
  /** The overlays asked for, by bit: one byte a pixel, 0 or 1. */
  planes?: Map<number, Uint8Array>;
  /** Part of the pixels is made up, as their data are missing. */
  incomplete?: boolean;
  /** There are only these pixels. */
  reduced?: Fewer;
}

/** A frame whose pixels are kept in fewer bytes. */
export type PackedFrame = Omit<DecodedFrame, 'pixels'> & { packed: Packed };

export class UnsupportedSyntax extends DecodeProblem {}

function asWords(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteOffset % 4 === 0 && bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

function typed({ bytes, bitsPerSample, signed }: Decoded, description: PixelDescription): StoredPixels {
  if (description.PixelRepresentation === 2) {
    return description.BitsAllocated === 64 ? Float32Array.from(new Float64Array(asWords(bytes))) : new Float32Array(asWords(bytes));
  }
  if (bitsPerSample === 1) return unpacked(bytes);
  const negative = description.PixelRepresentation === 1;
  const values = integers(bytes, bitsPerSample, negative);
  if (signed !== undefined && signed !== negative) readAgain(values, bitsPerSample, negative);
  return values instanceof Int32Array || values instanceof Uint32Array ? Float32Array.from(values) : values;
}

function integers(bytes: Uint8Array<ArrayBuffer>, bits: number, negative: boolean): Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array {
  if (bits <= 8) return negative ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
  const [words, long] = [asWords(bytes), bits > 16];
  if (negative) return long ? new Int32Array(words) : new Int16Array(words, 0, bytes.length >> 1);
  return long ? new Uint32Array(words) : new Uint16Array(words, 0, bytes.length >> 1);
}

/** The header is right where the codestream contradicts it: the same bits, as two's complement or as numbers from 0. */
function readAgain(values: { [index: number]: number; length: number }, bits: number, negative: boolean): void {
  const unused = 32 - bits;
  for (let i = 0; i < values.length; i += 1) values[i] = negative ? ((values[i] as number) << unused) >> unused : ((values[i] as number) << unused) >>> unused;
}

/** Single bits, the low one first (PS3.5 8.1.1). */
function unpacked(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length * 8);
  for (let i = 0; i < out.length; i += 1) out[i] = ((bytes[i >> 3] as number) >> (i & 7)) & 1;
  return out;
}

function toRgb(decoded: Decoded, description: PixelDescription): Uint8Array<ArrayBuffer> {
  const { PhotometricInterpretation: kind, Rows, Columns } = description;
  const bytes = decoded.bitsPerSample > 8 ? topBytes(decoded, description.BitsStored) : decoded.bytes;
  if (decoded.rgb) return bytes;
  if (kind === 'YBR_FULL_422' && bytes.length < Rows * Columns * 3) return rgbFromYbrFull422(bytes, Rows * Columns);
  const pixels = decoded.planar ? interleaved(bytes) : bytes;
  return kind.startsWith('YBR_FULL') ? rgbFromYbrFull(pixels) : pixels;
}

function topBytes({ bytes, bitsPerSample }: Decoded, bits: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(integers(bytes, bitsPerSample, false), (value) => value >>> Math.max(0, bits - 8));
}

function planesOf(pixels: StoredPixels, bits: readonly number[]): Map<number, Uint8Array> {
  return new Map(bits.map((bit) => [bit, Uint8Array.from(pixels, (cell) => (cell >> bit) & 1)]));
}

/** JPEG of all kinds up to HTJ2K ends with a marker (ITU-T T.81 B.1.1.3, T.800 A.4.4); padding may follow. JPEG XL has none. */
function endsEarly(transferSyntaxUID: string, bytes: Uint8Array): boolean {
  if (!transferSyntaxUID.startsWith('1.2.840.10008.1.2.4.') || /\.11[0-2]$/.test(transferSyntaxUID)) return false;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes[end - 2] !== 0xff || bytes[end - 1] !== 0xd9;
}

function reducedFrame(decoded: Decoded, description: PixelDescription, by: number): DecodedFrame {
  const whole = { columns: description.Columns, rows: description.Rows };
  if (description.SamplesPerPixel >= 3) return { ...covering(toRgb(decoded, description), 3, whole, by), samples: 3, min: 0, max: 255 };
  const fewer = covering(typed(decoded, description), 1, whole, by);
  limitToStoredBits(fewer.pixels, description);
  const [min, max] = extremes(fewer.pixels);
  return { ...fewer, samples: 1, min, max };
}

/** Raises UnsupportedSyntax where the browser has no decoder, Error where the data are broken. */
export async function decodeFrame({ bytes, transferSyntaxUID, description, palette, overlayBits = [], reducedBy }: DecodeJob): Promise<DecodedFrame> {
  if (reducedBy) return reducedFrame(await decodeBeginning(bytes, description, reducedBy), description, reducedBy);
  const decoder = decoderFor(transferSyntaxUID);
  if (!decoder) throw new UnsupportedSyntax('No decoder in the browser for {syntax}', { syntax: transferSyntaxUID });
  const decoded = await decoder(bytes, description);
  const count = description.Rows * description.Columns;
  const incomplete = decoded.incomplete === true || endsEarly(transferSyntaxUID, bytes) ? { incomplete: true } : {};
  if (description.SamplesPerPixel >= 3) {
    const rgb = toRgb(decoded, description).subarray(0, count * 3);
    if (rgb.length < count * 3) throw new DecodeProblem('The frame is cut off');
    return { pixels: rgb, samples: 3, min: 0, max: 255, ...incomplete };
  }
  const stored = typed(decoded, description);
  if (stored.length < count) throw new DecodeProblem('The frame is cut off');
  const pixels = stored.length > count ? stored.subarray(0, count) : stored;
  const planes = overlayBits.length > 0 ? { planes: planesOf(pixels, overlayBits) } : {};
  keepStoredBits(pixels, description);
  if (palette) return { pixels: rgbFromPalette(pixels, palette), samples: 3, min: 0, max: 255, ...incomplete };
  const [min, max] = extremes(pixels);
  return { pixels, samples: 1, min, max, ...planes, ...incomplete };
}
