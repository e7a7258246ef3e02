// What a decoder must know about a frame (PS3.3 C.7.6.3), and the colour arithmetic on decoded samples. Pure.

import { number, numbers, text, type DataSet } from './dicom-json';
import type { StoredPixels } from './viewport-port';

export interface PixelDescription {
  Rows: number;
  Columns: number;
  SamplesPerPixel: number;
  PhotometricInterpretation: string;
  PlanarConfiguration: number;
  BitsAllocated: number;
  BitsStored: number;
  HighBit: number;
  /** 0 unsigned, 1 two's complement, 2 floating point. */
  PixelRepresentation: number;
}

export interface Palette {
  first: number;
  red: Uint16Array;
  green: Uint16Array;
  blue: Uint16Array;
  bits: number;
}

export function readPixelDescription(dataSet: DataSet): PixelDescription {
  const BitsAllocated = number(dataSet, 'BitsAllocated') ?? 8;
  const BitsStored = number(dataSet, 'BitsStored') ?? BitsAllocated;
  const floating = dataSet['7FE00008'] !== undefined || dataSet['7FE00009'] !== undefined;
  return {
    Rows: number(dataSet, 'Rows') ?? 0,
    Columns: number(dataSet, 'Columns') ?? 0,
    SamplesPerPixel: number(dataSet, 'SamplesPerPixel') ?? 1,
    PhotometricInterpretation: text(dataSet, 'PhotometricInterpretation') || 'MONOCHROME2',
    PlanarConfiguration: number(dataSet, 'PlanarConfiguration') ?? 0,
    BitsAllocated,
    BitsStored,
    HighBit: number(dataSet, 'HighBit') ?? BitsStored - 1,
    PixelRepresentation: floating ? 2 : (number(dataSet, 'PixelRepresentation') ?? 0),
  };
}

/** Whether stored values from the palette's first one on are in colours, though the picture is grey (PS3.3 C.7.6.19). */
export const hasSupplementalPalette = (dataSet: DataSet): boolean =>
  ['COLOR', 'MIXED'].includes(text(dataSet, 'PixelPresentation')) && paletteDescriptor(dataSet).length > 0 && text(dataSet, 'PhotometricInterpretation').startsWith('MONOCHROME');

export const paletteDescriptor = (dataSet: DataSet): number[] => numbers(dataSet, 'RedPaletteColorLookupTableDescriptor');

export const shiftOf = ({ HighBit, BitsStored }: PixelDescription): number => Math.max(0, HighBit + 1 - BitsStored);

/** Drops what is not part of the stored value: bits above HighBit and below the lowest; extends the sign. In place. */
export function keepStoredBits(pixels: StoredPixels, description: PixelDescription): void {
  const { BitsAllocated, BitsStored, PixelRepresentation } = description;
  if (PixelRepresentation === 2 || BitsStored >= BitsAllocated || BitsAllocated > 16) return;
  const shift = shiftOf(description);
  const up = 32 - BitsStored;
  if (PixelRepresentation === 1) {
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = (((pixels[i] as number) >> shift) << up) >> up;
  } else {
    const mask = 2 ** BitsStored - 1;
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = ((pixels[i] as number) >> shift) & mask;
  }
}

/** Interpolated values may lie beyond what BitsStored holds: they become the nearest that it does. */
export function limitToStoredBits(pixels: StoredPixels, { BitsAllocated, BitsStored, PixelRepresentation }: PixelDescription): void {
  if (BitsStored >= BitsAllocated) return;
  const [low, high] = PixelRepresentation === 1 ? [-(2 ** (BitsStored - 1)), 2 ** (BitsStored - 1) - 1] : [0, 2 ** BitsStored - 1];
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = Math.min(high, Math.max(low, pixels[i] as number));
}

/** Whether pixels between two others may have values between theirs: no indices, single bits or bits of an overlay. */
export const canBeInterpolated = ({ PhotometricInterpretation, SamplesPerPixel, BitsAllocated, BitsStored, HighBit }: PixelDescription): boolean =>
  PhotometricInterpretation !== 'PALETTE COLOR' && HighBit === BitsStored - 1 && (BitsAllocated === 8 || (BitsAllocated === 16 && SamplesPerPixel === 1));

export function extremes(pixels: ArrayLike<number>): [number, number] {
  let min = Infinity;
  let max = -Infinity;
  const count = pixels.length;
  for (let i = 0; i < count; i += 1) {
    const value = pixels[i] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return Number.isFinite(min) && Number.isFinite(max) ? [min, max] : [0, 1];
}

/** Planes RRR…GGG…BBB… → pixels RGBRGB… */
export function interleaved(planes: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = Math.floor(planes.length / 3);
  const out = new Uint8Array(count * 3);
  for (let i = 0; i < count; i += 1) {
    out[i * 3] = planes[i] as number;
    out[i * 3 + 1] = planes[count + i] as number;
    out[i * 3 + 2] = planes[2 * count + i] as number;
  }
  return out;
}

/** YBR_FULL (PS3.3 C.7.6.3.1.2) → RGB. */
export function rgbFromYbrFull(ybr: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8ClampedArray(ybr.length);
  for (let i = 0; i + 2 < ybr.length; i += 3) writeRgb(out, i, ybr[i] as number, ybr[i + 1] as number, ybr[i + 2] as number);
  return new Uint8Array(out.buffer);
}

/** YBR_FULL_422 as stored uncompressed: Y1 Y2 Cb Cr for each pair of pixels. */
export function rgbFromYbrFull422(ybr: Uint8Array, pixels: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8ClampedArray(pixels * 3);
  for (let pair = 0; pair * 2 < pixels; pair += 1) {
    const [cb, cr] = [ybr[pair * 4 + 2] as number, ybr[pair * 4 + 3] as number];
    writeRgb(out, pair * 6, ybr[pair * 4] as number, cb, cr);
    if (pair * 2 + 1 < pixels) writeRgb(out, pair * 6 + 3, ybr[pair * 4 + 1] as number, cb, cr);
  }
  return new Uint8Array(out.buffer);
}

function writeRgb(out: Uint8ClampedArray, at: number, y: number, cb: number, cr: number): void {
  out[at] = y + 1.402 * (cr - 128);
  out[at + 1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128);
  out[at + 2] = y + 1.772 * (cb - 128);
}

export function rgbFromPalette(indices: StoredPixels, palette: Palette): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(indices.length * 3);
  const last = palette.red.length - 1;
  const shift = palette.bits > 8 ? 8 : 0;
  for (let i = 0; i < indices.length; i += 1) {
    const entry = Math.min(last, Math.max(0, (indices[i] as number) - palette.first));
    out[i * 3] = (palette.red[entry] as number) >> shift;
    out[i * 3 + 1] = (palette.green[entry] as number) >> shift;
    out[i * 3 + 2] = (palette.blue[entry] as number) >> shift;
  }
  return out;
}
