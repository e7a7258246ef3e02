// Frames of local objects: native ones by their place (PS3.5 8.1), encapsulated ones by the basic or extended offset table,
// else by their fragments (PS3.5 A.4, PS3.3 C.7.6.3). Reads from the file only what a frame needs.

import { t } from '../core/language';
import { inlineBytes, number, text } from '../core/dicom-json';
import { isVideo } from '../core/stack';
import { bulkAddress, readBytes, type LocalObject } from './read-object';

interface Span {
  start: number;
  end: number;
}
/** The fragments of each frame, as places in the file. */
type Fragments = readonly (readonly Span[])[];

const ITEM = 0xe000fffe;
const RLE = '1.2.840.10008.1.2.5';
const EXTENDED_OFFSETS = '7FE00001';
const EXTENDED_LENGTHS = '7FE00002';
const FLOATS: Readonly<Record<string, number>> = { '7FE00008': 32, '7FE00009': 64 };

export const frameCount = ({ dataSet }: LocalObject): number => Math.max(1, Math.floor(number(dataSet, 'NumberOfFrames') ?? 1));

interface Item extends Span {
  /** The first four bytes. */
  head: number;
}

/** All items of an encapsulated element; ends where the sequence or the file ends. */
async function itemsOf(source: Blob, from: number): Promise<Item[]> {
  const found: Item[] = [];
  for (let at = from; at + 8 <= source.size; ) {
    const view = new DataView((await readBytes(source, at, at + 12)).buffer);
    if (view.getUint32(0, true) !== ITEM) break;
    const end = at + 8 + view.getUint32(4, true);
    found.push({ start: at + 8, end: Math.min(end, source.size), head: view.byteLength >= 12 ? view.getUint32(8, false) : 0 });
    at = end;
  }
  return found;
}

/** The bytes that a code stream begins with: JPEG and JPEG-LS, JPEG 2000. */
const begins = ({ head }: Item): boolean => head >>> 8 === 0xffd8ff || head === 0xff4fff51;

function grouped(items: readonly Item[], count: number, syntax: string): Item[][] {
  if (count === 1) return [[...items]];
  if (items.length === count || syntax === RLE) return items.map((item) => [item]);
  const frames: Item[][] = [];
  for (const item of items) {
    if (begins(item) || frames.length === 0) frames.push([item]);
    else frames.at(-1)?.push(item);
  }
  return frames;
}

/** Fragments between the offsets of a basic offset table, which counts from the first fragment's item. */
function byTable(items: readonly Item[], offsets: readonly number[]): Item[][] {
  const base = (items[0]?.start ?? 8) - 8;
  return offsets.map((offset, index) => items.filter(({ start }) => start - 8 - base >= offset && start - 8 - base < (offsets[index + 1] ?? Infinity)));
}

async function extended(object: LocalObject): Promise<number[][] | undefined> {
  const read = async (tag: string): Promise<number[]> => {
    const { BulkDataURI, InlineBinary, Value } = object.dataSet[tag] ?? {};
    if (Value) return Value.map(Number);
    const bytes = InlineBinary ? inlineBytes(InlineBinary) : ((await bulkAddress(BulkDataURI ?? '')?.read(object.source)) ?? new Uint8Array());
    return Array.from(new BigUint64Array(bytes.slice(0, bytes.length & ~7).buffer), Number);
  };
  const both = await Promise.all([read(EXTENDED_OFFSETS), read(EXTENDED_LENGTHS)]);
  return both[0].length > 0 && both[0].length === both[1].length ? both : undefined;
}

async function fragmentsOf(object: LocalObject, offset: number): Promise<Fragments> {
  const { source, transferSyntaxUID } = object;
  const table = new DataView((await readBytes(source, offset, offset + 8)).buffer);
  if (table.byteLength < 8 || table.getUint32(0, true) !== ITEM) throw new Error(t('The pixel data are broken'));
  const length = table.getUint32(4, true);
  const first = offset + 8 + length;
  const wide = await extended(object);
  if (wide) return (wide[0] as number[]).map((start, index) => [{ start: first + start + 8, end: first + start + 8 + (wide[1]?.[index] ?? 0) }]);
  const items = await itemsOf(source, first);
  const count = frameCount(object);
  const offsets = new Uint32Array((await readBytes(source, offset + 8, offset + 8 + (length & ~3))).buffer);
  return offsets.length === count && count > 1 ? byTable(items, [...offsets]) : grouped(items, count, transferSyntaxUID);
}

const known = new WeakMap<LocalObject, Promise<Fragments>>();

function fragments(object: LocalObject, offset: number): Promise<Fragments> {
  const found = known.get(object) ?? fragmentsOf(object, offset);
  known.set(object, found);
  return found;
}

/** Bits of a native frame. */
function frameBits({ dataSet, pixels }: LocalObject): number {
  const cells = (number(dataSet, 'Rows') ?? 0) * (number(dataSet, 'Columns') ?? 0) * (number(dataSet, 'SamplesPerPixel') ?? 1);
  const bits = cells * (FLOATS[pixels?.tag ?? ''] ?? number(dataSet, 'BitsAllocated') ?? 8);
  return text(dataSet, 'PhotometricInterpretation') === 'YBR_FULL_422' ? (bits * 2) / 3 : bits;
}

/** Frames of single bits follow one another without a gap: the first bit of this one comes to the front. */
function shifted(bytes: Uint8Array, by: number, bits: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.ceil(bits / 8));
  for (let at = 0; at < out.length; at += 1) out[at] = ((bytes[at] as number) >> by) | ((bytes[at + 1] ?? 0) << (8 - by));
  return out;
}

async function native(object: LocalObject, place: Span, frame: number): Promise<Uint8Array<ArrayBuffer>> {
  const bits = frameBits(object);
  const from = bits * (frame - 1);
  const start = place.start + Math.floor(from / 8);
  const end = place.start + Math.ceil((from + bits) / 8);
  if (bits === 0 || end > Math.min(place.end, object.source.size)) throw new Error(t('The frame is cut off'));
  const bytes = await readBytes(object.source, start, end);
  return from % 8 === 0 ? bytes : shifted(bytes, from % 8, bits);
}

/** Whether native pixel data are longer than the frames that the header speaks of; one byte pads an odd length. */
export function hasSurplus(object: LocalObject): boolean {
  const bits = frameBits(object);
  return bits > 0 && (object.pixels?.length ?? 0) - Math.ceil((bits * frameCount(object)) / 8) > 1;
}

/** The bytes of a frame (from 1) as stored; throws where the file does not have them. */
export async function readFrame(object: LocalObject, frame: number): Promise<Uint8Array<ArrayBuffer>> {
  const { pixels, source } = object;
  if (!pixels) throw new Error(t('The object has no pixel data'));
  if (pixels.length !== undefined) return native(object, { start: pixels.offset, end: pixels.offset + pixels.length }, frame);
  const spans = (await fragments(object, pixels.offset))[frame - 1] ?? [];
  if (spans.length === 0) throw new Error(t('The frame is missing'));
  return new Uint8Array(await new Blob(spans.map(({ start, end }) => source.slice(start, end))).arrayBuffer());
}

/** The stream of a video, which is one whatever its fragments (PS3.5 8.2.5); undefined for other objects. */
export async function videoOf(object: LocalObject): Promise<Blob | undefined> {
  const { pixels, source, dataSet } = object;
  if (!pixels || pixels.length !== undefined || !isVideo(dataSet)) return undefined;
  const spans = (await fragments(object, pixels.offset)).flat();
  return new Blob(spans.map(({ start, end }) => source.slice(start, end)), { type: 'video/mp4' });
}
