// One object out of a file: its header at once, everything else read from the file when asked for.

import { t } from '../core/language';
import type { DataSet } from '../core/dicom-json';
import { text } from '../core/dicom-json';
import { DEFLATED, NeedMore, readHeader, readStart, type Header, type PixelPlace, type Start, type VrOf } from './parse';
import { swapped } from './values';

export interface LocalObject {
  /** What offsets count in: the file, or its inflated data set. */
  source: Blob;
  file: Blob;
  transferSyntaxUID: string;
  dataSet: DataSet;
  pixels: PixelPlace | undefined;
}

const FIRST = 64 * 1024;
const ADDRESS = /^local:(\d+)\/(\d+)\/(\d+)\/(\d)$/;
const MOST_INFLATED = 2 ** 31;

export const readBytes = async (source: Blob, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await source.slice(start, end).arrayBuffer());

/** Reads as much as `parse` needs. */
async function withEnough<T>(source: Blob, parse: (bytes: Uint8Array) => T): Promise<T> {
  for (let length = Math.min(FIRST, source.size); ; ) {
    try {
      return parse(await readBytes(source, 0, length));
    } catch (error) {
      if (!(error instanceof NeedMore) || length >= source.size) throw error;
      length = Math.min(source.size, Math.max(error.until, length * 4));
    }
  }
}

/** What a raw deflate stream holds; throws where that is more than `most` bytes. */
export async function inflated(packed: Blob, most = MOST_INFLATED): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > most) {
      await reader.cancel();
      throw new Error(t('It unpacks to more than it says'));
    }
    parts.push(next.value);
  }
  return new Blob(parts);
}

async function dataSetOf(file: Blob, start: Start): Promise<{ source: Blob; start: Start }> {
  if (start.transferSyntaxUID !== DEFLATED) return { source: file, start };
  const packed = file.slice(start.offset);
  // Streams of odd length are followed by a null byte (PS3.5 A.5), which browsers take for junk.
  const source = await inflated(packed).catch(() => inflated(packed.slice(0, -1)));
  return { source, start: { ...start, offset: 0 } };
}

type Named = 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID';

/** Throws, with the reason for the user, where the file is no DICOM object with the UIDs that are needed. `id` names it in addresses. */
export async function readObject(file: Blob, id: number, vrOf: VrOf, needed: readonly Named[] = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID']): Promise<LocalObject> {
  if (file.size === 0) throw new Error(t('The file is empty'));
  const { source, start } = await dataSetOf(file, await withEnough(file, (bytes) => readStart(bytes, file.size)));
  const uri = (offset: number, length: number, word: number): string => `local:${id}/${offset}/${length}/${word}`;
  const { dataSet, pixels } = await withEnough(source, (bytes): Header => readHeader(bytes, source.size, start, vrOf, uri));
  for (const keyword of needed) {
    if (!text(dataSet, keyword)) throw new Error(dataSet['00041220'] ? t('The directory of a disc: its files are read themselves') : t('It has no {keyword}', { keyword }));
  }
  return { source, file, transferSyntaxUID: start.transferSyntaxUID, dataSet, pixels };
}

/** The object's number in an address of bulk data, and its bytes. */
export function bulkAddress(uri: string): { id: number; read(source: Blob): Promise<Uint8Array<ArrayBuffer>> } | undefined {
  const found = ADDRESS.exec(uri);
  if (!found) return undefined;
  const [id = 0, offset = 0, length = 0, word = 1] = found.slice(1).map(Number);
  return { id, read: async (source) => swapped(await readBytes(source, offset, offset + length), word) };
}
