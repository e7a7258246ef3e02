// One row for each compression the browser decodes itself; modules are fetched when first met. Runs in the worker.

import type { PixelDescription } from '../../core/pixels';
import { withColours } from './jpeg-colours';
import { DecodeProblem } from './problem';
import { decodeRle } from './rle';

export interface Decoded {
  bytes: Uint8Array<ArrayBuffer>;
  bitsPerSample: number;
  /** Whether the codestream has values below 0, where it says so. */
  signed?: boolean | undefined;
  samples: number;
  /** It is RGB, whatever the header says it was. */
  rgb: boolean;
  planar: boolean;
  /** There were fewer data than pixels. */
  incomplete?: boolean;
}

type Decode = (bytes: Uint8Array<ArrayBuffer>, description: PixelDescription) => Promise<Decoded>;

interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };
  /** Of JPEG-LS: 0 where a component follows the other as a whole (ISO 14495-1 C.2.3). */
  getInterleaveMode?(): number;
  /** Of HTJ2K, as the next: leaves out so many of the highest resolutions. */
  decodeSubResolution?(levels: number): void;
  readHeader?(): void;
}
type WasmModule = Record<string, new () => WasmDecoder>;
export type WasmFactory = (options: { locateFile(name: string): string; print?(line: string): void }) => Promise<WasmModule>;

interface WasmCodec {
  load(): Promise<[{ default: WasmFactory }, { default: string }]>;
  decoder: string;
}

const CHARLS: WasmCodec = {
  load: () => Promise.all([import('@cornerstonejs/codec-charls/decodewasmjs'), import('@cornerstonejs/codec-charls/decodewasm?url')]),
  decoder: 'JpegLSDecoder',
};
const OPENJPEG: WasmCodec = {
  load: () => Promise.all([import('@cornerstonejs/codec-openjpeg/decodewasmjs'), import('@cornerstonejs/codec-openjpeg/decodewasm?url')]),
  decoder: 'J2KDecoder',
};
const OPENJPH: WasmCodec = {
  load: () => Promise.all([import('@cornerstonejs/codec-openjph/wasmjs'), import('@cornerstonejs/codec-openjph/wasm?url')]),
  decoder: 'HTJ2KDecoder',
};
const LIBJPEG: WasmCodec = {
  load: () => Promise.all([import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'), import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm?url')]),
  decoder: 'JPEGDecoder',
};

const loaded = new Map<WasmCodec, Promise<WasmDecoder>>();

function instance(codec: WasmCodec): Promise<WasmDecoder> {
  const known = loaded.get(codec);
  if (known) return known;
  const decoder = codec.load().then(async ([factory, url]) => {
    const wasm = await factory.default({ locateFile: (name) => (name.endsWith('.wasm') ? url.default : name), print: () => undefined });
    const Decoder = wasm[codec.decoder];
    if (!Decoder) throw new DecodeProblem('A decoder did not load');
    return new Decoder();
  });
  loaded.set(codec, decoder);
  return decoder;
}

/** Components of JPEG 2000 are RGB after its own transform; of YBR_FULL they had none. */
const isRgb = ({ PhotometricInterpretation }: PixelDescription): boolean => PhotometricInterpretation !== 'YBR_FULL';


function wasm(codec: WasmCodec, rgb: (description: PixelDescription) => boolean): Decode {
  return async (bytes, description) => {
    const decoder = await instance(codec);
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    const out = decoder.getDecodedBuffer();
    if (out.length === 0 || info.width !== description.Columns || info.height !== description.Rows) {
      throw new DecodeProblem('Compressed frame is {width} × {height}, the header says {columns} × {rows}', { width: info.width, height: info.height, columns: description.Columns, rows: description.Rows });
    }
    return {
      bytes: new Uint8Array(out),
      bitsPerSample: info.bitsPerSample,
      signed: info.isSigned,
      samples: info.componentCount,
      rgb: rgb(description),
      planar: info.componentCount > 1 && decoder.getInterleaveMode?.() === 0,
    };
  };
}

const turbo = wasm(LIBJPEG, () => true);
const jpeg: Decode = (bytes, description) => turbo(description.SamplesPerPixel === 3 ? withColours(bytes, description.PhotometricInterpretation === 'RGB') : bytes, description);

/** The image with one of so many pixels a side, from the beginning of an HTJ2K codestream that holds it. */
export async function decodeBeginning(bytes: Uint8Array<ArrayBuffer>, description: PixelDescription, by: number): Promise<Decoded> {
  const decoder = await instance(OPENJPH);
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.readHeader?.();
  decoder.decodeSubResolution?.(Math.log2(by));
  const { width, height, bitsPerSample, isSigned, componentCount } = decoder.getFrameInfo();
  if (width !== description.Columns || height !== description.Rows) throw new DecodeProblem('The compressed data cannot be decoded');
  return { bytes: new Uint8Array(decoder.getDecodedBuffer()), bitsPerSample, signed: isSigned, samples: componentCount, rgb: isRgb(description), planar: false };
}

async function decodeLossless(bytes: Uint8Array<ArrayBuffer>, description: PixelDescription): Promise<Decoded> {
  const { Decoder } = await import('jpeg-lossless-decoder-js');
  const buffer = bytes.slice().buffer;
  const size = description.BitsAllocated <= 8 ? 1 : 2;
  const out = new Decoder().decompress(buffer, 0, buffer.byteLength);
  const samples = description.SamplesPerPixel;
  const decoded = new Uint8Array(out.slice(0, description.Rows * description.Columns * samples * size));
  return { bytes: decoded, bitsPerSample: size * 8, samples, rgb: false, planar: false };
}

const native: Decode = (bytes, description) =>
  Promise.resolve({
    bytes,
    bitsPerSample: description.BitsAllocated,
    samples: description.SamplesPerPixel,
    rgb: false,
    planar: description.PlanarConfiguration === 1,
  });

const bigEndian: Decode = (bytes, description) => {
  const swapped = bytes.slice();
  if (description.BitsAllocated === 16) {
    for (let at = 0; at + 1 < swapped.length; at += 2) swapped.subarray(at, at + 2).reverse();
  }
  return native(swapped, description);
};

const rle: Decode = (bytes, description) => Promise.resolve({ ...decodeRle(bytes, description), rgb: false });

const DECODERS: Readonly<Record<string, Decode>> = {
  '1.2.840.10008.1.2': native,
  '1.2.840.10008.1.2.1': native,
  '1.2.840.10008.1.2.1.99': native,
  '1.2.840.10008.1.2.2': bigEndian,
  '1.2.840.10008.1.2.5': rle,
  '1.2.840.10008.1.2.4.50': jpeg,
  '1.2.840.10008.1.2.4.57': decodeLossless,
  '1.2.840.10008.1.2.4.70': decodeLossless,
  '1.2.840.10008.1.2.4.80': wasm(CHARLS, () => false),
  '1.2.840.10008.1.2.4.81': wasm(CHARLS, () => false),
  '1.2.840.10008.1.2.4.90': wasm(OPENJPEG, isRgb),
  '1.2.840.10008.1.2.4.91': wasm(OPENJPEG, isRgb),
  '1.2.840.10008.1.2.4.201': wasm(OPENJPH, isRgb),
  '1.2.840.10008.1.2.4.202': wasm(OPENJPH, isRgb),
  '1.2.840.10008.1.2.4.203': wasm(OPENJPH, isRgb),
};

/** The decoder of a transfer syntax, or undefined: ask the archive for decoded frames then. */
export const decoderFor = (transferSyntaxUID: string): Decode | undefined => DECODERS[transferSyntaxUID];
