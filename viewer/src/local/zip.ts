// The files in a ZIP (APPNOTE 4.3, with ZIP64): its central directory is read, the files themselves when they are wanted.

import { t } from '../core/language';
import { inflated, readBytes } from './read-object';

export interface Packed {
  path: string;
  open(): Promise<Blob>;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const FULL = 0xffffffff;
const MOST_COMMENT = 65557;
const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

export async function isZip(file: Blob): Promise<boolean> {
  const head = new DataView((await readBytes(file, 0, 4)).buffer);
  return head.byteLength === 4 && [LOCAL, END].includes(head.getUint32(0, true));
}

/** Where the central directory lies. */
async function directory(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const from = Math.max(0, file.size - MOST_COMMENT);
  const tail = new DataView((await readBytes(file, from, file.size)).buffer);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new Error(t('The ZIP is cut off: its directory is missing'));
  let [length, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  if (start === FULL && at >= 20 && tail.getUint32(at - 20, true) === LOCATOR_64) {
    const record = wide(tail, at - 12);
    const view = new DataView((await readBytes(file, record, record + 56)).buffer);
    if (view.byteLength < 56 || view.getUint32(0, true) !== END_64) throw new Error(t('The directory of the ZIP is broken'));
    [length, start] = [wide(view, 40), wide(view, 48)];
  }
  return readBytes(file, start, start + length);
}

interface Entry {
  path: string;
  flags: number;
  method: number;
  packed: number;
  size: number;
  offset: number;
}

/** Sizes and offset that need 64 bits are in an extra field, in this order, those that are full only. */
function widened(entry: Entry, extra: DataView): Entry {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    const end = Math.min(extra.byteLength, at + 4 + extra.getUint16(at + 2, true));
    let next = at + 4;
    const take = (value: number): number => {
      if (value !== FULL || next + 8 > end) return value;
      next += 8;
      return wide(extra, next - 8);
    };
    const size = take(entry.size);
    const packed = take(entry.packed);
    return { ...entry, size, packed, offset: take(entry.offset) };
  }
  return entry;
}

function entriesOf(bytes: Uint8Array<ArrayBuffer>): Entry[] {
  const view = new DataView(bytes.buffer);
  const found: Entry[] = [];
  for (let at = 0; at + 46 <= bytes.length && view.getUint32(at, true) === ENTRY; ) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [number, number, number];
    if (at + 46 + name + extra > bytes.length) break;
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    const plain = { path, flags: view.getUint16(at + 8, true), method: view.getUint16(at + 10, true), packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true), offset: view.getUint32(at + 42, true) };
    found.push(widened(plain, new DataView(bytes.buffer, at + 46 + name, extra)));
    at += 46 + name + extra + comment;
  }
  return found;
}

async function unpacked(file: Blob, { flags, method, packed, size, offset }: Entry): Promise<Blob> {
  if (flags & 1) throw new Error(t('It is encrypted in the ZIP'));
  const head = new DataView((await readBytes(file, offset, offset + 30)).buffer);
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new Error(t('Its place in the ZIP is broken'));
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (start + packed > file.size) throw new Error(t('It is cut off in the ZIP'));
  const content = file.slice(start, start + packed);
  if (method === 0) return content;
  if (method === 8) return inflated(content, size);
  throw new Error(t('It is packed by method {method}, which browsers do not unpack', { method }));
}

/** The files of a ZIP, folders left out; throws where it has no directory. */
export async function readZip(file: Blob): Promise<Packed[]> {
  const entries = entriesOf(await directory(file));
  return entries.filter(({ path }) => !path.endsWith('/')).map((entry) => ({ path: entry.path, open: () => unpacked(file, entry) }));
}
