// Stored pixels without loss in fewer bytes while nobody looks at them: each value is predicted from its neighbours to the left and
// above (3/4 of both less half of the one between), and what it differs by is written in Rice codes, whose length every 32 values
// choose anew. Made for unpacking within a step to another picture: no branch but for rare values, no table. Pure.

import type { StoredPixels } from './viewport-port';

export interface Packed {
  words: Int32Array<ArrayBuffer>;
  kind: Kind;
  count: number;
  /** What the pixels take unpacked. */
  bytes: number;
}

const KINDS = { Uint8Array, Int8Array, Uint16Array, Int16Array };
type Kind = keyof typeof KINDS;

const BLOCK = 32;
/** Bits that say how long the codes of a block are. */
const HEAD = 4;
/** So many zeros at the beginning of a code say that the difference follows as it is, in 16 bits. */
const ESCAPE = 16;
/** Packed pixels above this part of their size are not worth it. */
const WORTH = 0.85;

let scratch = new Int32Array(0);

/** Pixels of a picture so many columns wide; undefined where they would hardly become fewer bytes, or have no whole values. */
export function pack(pixels: StoredPixels, columns: number): Packed | undefined {
  const kind = (Object.keys(KINDS) as Kind[]).find((name) => pixels instanceof KINDS[name]);
  if (!kind) return undefined;
  const most = Math.floor((pixels.byteLength * WORTH) / 4);
  // A block takes up to a word a value.
  if (scratch.length < most + BLOCK + 2) scratch = new Int32Array(most + BLOCK + 2);
  const length = write(pixels instanceof Int16Array ? pixels : asSigned(pixels), columns, scratch, most);
  return length === undefined ? undefined : { words: scratch.slice(0, length), kind, count: pixels.length, bytes: pixels.byteLength };
}

export function unpack({ words, kind, count }: Packed, columns: number): StoredPixels {
  const values = new Int16Array(count);
  read(words, columns, values);
  if (kind === 'Int16Array') return values;
  return kind === 'Uint16Array' ? new Uint16Array(values.buffer) : new KINDS[kind](values);
}

/** All arithmetic is in signed words of 16 bits, which wrap: nothing is lost. */
const asSigned = (pixels: StoredPixels): Int16Array => (pixels instanceof Uint16Array ? new Int16Array(pixels.buffer, pixels.byteOffset, pixels.length) : Int16Array.from(pixels));

/** Returns how many words were written, with one to spare for the reader; undefined once they are more than `most`. */
function write(values: Int16Array, columns: number, words: Int32Array, most: number): number | undefined {
  const codes = new Int32Array(BLOCK);
  let at = 0;
  let word = 0;
  let free = 32;
  const put = (value: number, bits: number): void => {
    free -= bits;
    if (free >= 0) word |= value << free;
    else {
      words[at] = word | (value >>> -free);
      at += 1;
      free += 32;
      word = value << free;
    }
  };
  for (let start = 0; start < values.length; start += BLOCK) {
    const count = Math.min(BLOCK, values.length - start);
    const sum = differences(values, columns, start, count, codes);
    const low = Math.min(15, 32 - Math.clz32((sum * Math.LN2) / count));
    put(low, HEAD);
    for (let i = 0; i < count; i += 1) {
      const code = codes[i] as number;
      const zeros = code >>> low;
      if (zeros < ESCAPE) put((1 << low) | (code & ((1 << low) - 1)), zeros + 1 + low);
      else {
        put(0, ESCAPE);
        put(code, 16);
      }
    }
    if (at > most) return undefined;
  }
  words[at] = word;
  words[at + 1] = 0;
  return at + 2;
}

/** Writes what the values of a block differ by from what is predicted, with the sign in the lowest bit; returns their sum. */
function differences(values: Int16Array, columns: number, start: number, count: number, codes: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    const at = start + i;
    const column = at % columns;
    const beside = column > 0 ? (values[at - 1] as number) : 0;
    const above = at >= columns ? (values[at - columns] as number) : beside;
    const left = column > 0 ? beside : above;
    const between = column > 0 && at >= columns ? (values[at - columns - 1] as number) : left;
    const difference = (((values[at] as number) - predicted(left, above, between)) << 16) >> 16;
    const code = (difference << 1) ^ (difference >> 31);
    codes[i] = code;
    sum += code;
  }
  return sum;
}

const predicted = (left: number, above: number, between: number): number => (3 * (left + above) - 2 * between + 2) >> 2;

function read(words: Int32Array, columns: number, values: Int16Array): void {
  const count = values.length;
  let bit = 0;
  let low = 0;
  for (let row = 0; row < count; row += columns) {
    const end = Math.min(count, row + columns);
    let left = row > 0 ? (values[row - columns] as number) : 0;
    let between = left;
    for (let at = row; at < end; at += 1) {
      if (at % BLOCK === 0) {
        low = window(words, bit) >>> (32 - HEAD);
        bit += HEAD;
      }
      const seen = window(words, bit);
      const zeros = Math.clz32(seen);
      let code = seen & 0xffff;
      if (zeros < ESCAPE) {
        code = (zeros << low) + ((seen << zeros) >>> (31 - low)) - (1 << low);
        bit += zeros + 1 + low;
      } else bit += ESCAPE + 16;
      const above = row > 0 ? (values[at - columns] as number) : left;
      if (row === 0) between = left;
      values[at] = predicted(left, above, between) + ((code >>> 1) ^ -(code & 1));
      left = values[at] as number;
      between = above;
    }
  }
}

/** The 32 bits from a place on. */
const window = (words: Int32Array, bit: number): number => ((words[bit >>> 5] as number) << (bit & 31)) | (((words[(bit >>> 5) + 1] as number) >>> 1) >>> (31 - (bit & 31)));
