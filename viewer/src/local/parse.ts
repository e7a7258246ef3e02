// The header of a DICOM file (PS3.10 7, PS3.5 7) as the DICOM JSON model: explicit, implicit and big endian, defined and
// undefined lengths, with or without preamble. Works on the first bytes of a file; pixel data and long values are noted by
// their place, never read. No I/O: throws NeedMore where it must see more of the file.

import { t } from '../core/language';
import type { DataElement, DataSet } from '../core/dicom-json';
import { base64, BINARY, LONG, swapped, textOrNumbers, type Context } from './values';

export const BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const DEFLATED = '1.2.840.10008.1.2.1.99';
const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const UNDEFINED = 0xffffffff;
const [ITEM, ITEM_END, SEQUENCE_END] = ['FFFEE000', 'FFFEE00D', 'FFFEE0DD'];
const PIXELS = new Set(['7FE00008', '7FE00009', '7FE00010']);
/** Longer binary values are left in the file, as the archive does. */
const INLINE = 1024;
const DEEPEST = 64;

/** The element of the pixel data: where its value begins; `length` undefined where it is in fragments (PS3.5 A.4). */
export interface PixelPlace {
  tag: string;
  offset: number;
  length: number | undefined;
}

export interface Header {
  dataSet: DataSet;
  pixels: PixelPlace | undefined;
}

/** The VR of a public attribute by its eight digits, "" where it is not known. */
export type VrOf = (tag: string) => string;

export class NeedMore extends Error {
  constructor(readonly until: number) {
    super('More of the file is needed');
  }
}

interface ElementHead {
  tag: string;
  vr: string;
  length: number;
  implicit: boolean;
}

/** How the data set is written, and how to refer to values that stay in the file. */
export interface Syntax {
  little: boolean;
  implicit: boolean;
  vrOf: VrOf;
  uri(offset: number, length: number, word: number): string;
}

const ends = (tag: string): boolean => tag === ITEM_END || tag === SEQUENCE_END;

class Parser {
  private readonly view: DataView;
  private signed = false;
  pixels: PixelPlace | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly size: number,
    private readonly syntax: Syntax,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Elements until `end`, an item's end, the pixel data, or for as long as `while` holds. */
  elements(end: number, sets: readonly string[], depth: number, implicit = this.syntax.implicit, goOn: (tag: string) => boolean = () => true): DataSet {
    const dataSet: DataSet = {};
    let known = sets;
    while (this.at + 8 <= end && !this.pixels) {
      const start = this.at;
      const head = this.head(implicit);
      if (head.tag === ITEM_END) break;
      if (!goOn(head.tag)) {
        this.at = start;
        break;
      }
      if (ends(head.tag)) continue;
      const element = this.value(head, known, depth);
      dataSet[head.tag] = element;
      if (head.tag === '00080005') known = (element.Value ?? []).map((term) => (typeof term === 'string' ? term : ''));
      if (head.tag === '00280103') this.signed = element.Value?.[0] === 1;
    }
    return dataSet;
  }

  private need(length: number): void {
    const until = this.at + length;
    if (until > this.size) throw new Error(t('The file is cut off in its header'));
    if (until > this.bytes.length) throw new NeedMore(until);
  }

  private tag(): string {
    const part = (at: number): string => this.view.getUint16(at, this.syntax.little).toString(16).padStart(4, '0');
    return (part(this.at) + part(this.at + 2)).toUpperCase();
  }

  private head(implicit: boolean): ElementHead {
    this.need(8);
    const tag = this.tag();
    const vr = String.fromCharCode(this.bytes[this.at + 4] as number, this.bytes[this.at + 5] as number);
    if (implicit || tag.startsWith('FFFE') || !/^[A-Z]{2}$/.test(vr)) {
      const length = this.view.getUint32(this.at + 4, this.syntax.little);
      this.at += 8;
      return { tag, vr: this.vrOf(tag, length), length, implicit: true };
    }
    if (!LONG.has(vr)) {
      const length = this.view.getUint16(this.at + 6, this.syntax.little);
      this.at += 8;
      return { tag, vr, length, implicit: false };
    }
    this.need(12);
    const length = this.view.getUint32(this.at + 8, this.syntax.little);
    this.at += 12;
    return { tag, vr: vr === 'UN' ? this.vrOf(tag, length) : vr, length, implicit: vr === 'UN' };
  }

  /** What the dictionary says; of a choice the one that the pixels call for (PS3.5 A.1). */
  private vrOf(tag: string, length: number): string {
    if (tag.endsWith('0000')) return 'UL';
    const odd = parseInt(tag.charAt(3), 16) % 2 === 1;
    if (odd && /^00[1-9A-F]/.test(tag.slice(4)) && length !== UNDEFINED) return 'LO';
    const found = odd ? '' : this.syntax.vrOf(tag);
    if (found.includes('OW')) return 'OW';
    if (found === 'US or SS') return this.signed ? 'SS' : 'US';
    return found || (length === UNDEFINED ? 'SQ' : 'UN');
  }

  private value(head: ElementHead, sets: readonly string[], depth: number): DataElement {
    const { tag, vr, length } = head;
    if (depth === 0 && PIXELS.has(tag)) return this.pixelData(head);
    if (vr === 'SQ') return this.sequence(head, sets, depth);
    if (length === UNDEFINED) return tag === '7FE00010' ? this.fragments(vr) : this.sequence(head, sets, depth);
    if (BINARY[vr] !== undefined) return this.binary(head);
    this.need(length);
    const context: Context = { little: this.syntax.little, sets };
    const element = textOrNumbers(vr, this.bytes.subarray(this.at, this.at + length), context);
    this.at += length;
    return element;
  }

  private pixelData({ tag, vr, length }: ElementHead): DataElement {
    this.pixels = { tag, offset: this.at, length: length === UNDEFINED ? undefined : length };
    return { vr };
  }

  private binary({ vr, length }: ElementHead): DataElement {
    const word = this.syntax.little ? 1 : (BINARY[vr] ?? 1);
    const start = this.at;
    if (start + length > this.size) throw new Error(t('The file is cut off in its header'));
    if (length > INLINE) {
      this.at += length;
      return { vr, BulkDataURI: this.syntax.uri(start, length, word) };
    }
    this.need(length);
    this.at += length;
    return length > 0 ? { vr, InlineBinary: base64(swapped(this.bytes.subarray(start, start + length), word)) } : { vr };
  }

  /** Pixel data of an icon: passed over. */
  private fragments(vr: string): DataElement {
    for (let head = this.head(true); head.tag === ITEM; head = this.head(true)) this.at += head.length;
    return { vr };
  }

  private sequence({ length, implicit }: ElementHead, sets: readonly string[], depth: number): DataElement {
    if (depth >= DEEPEST) throw new Error(t('Its sequences are nested too deeply'));
    const end = length === UNDEFINED ? this.size : this.at + length;
    if (end > this.size) throw new Error(t('The file is cut off in its header'));
    const Value: DataSet[] = [];
    while (this.at + 8 <= end) {
      const head = this.head(true);
      if (head.tag === SEQUENCE_END) break;
      if (head.tag !== ITEM) throw new Error(t('A sequence is broken'));
      const itemEnd = head.length === UNDEFINED ? end : this.at + head.length;
      if (itemEnd > end) throw new Error(t('An item is longer than its sequence'));
      Value.push(this.elements(itemEnd, sets, depth + 1, implicit));
      if (head.length !== UNDEFINED) this.at = itemEnd;
    }
    return Value.length > 0 ? { vr: 'SQ', Value } : { vr: 'SQ' };
  }
}

/** Where the data set begins and how it is written. */
export interface Start {
  transferSyntaxUID: string;
  offset: number;
}

const noUri = (): string => '';

/** Reads the file meta information, if there is one; throws where the bytes are no DICOM file. */
export function readStart(bytes: Uint8Array, size: number): Start {
  const marked = [128, 0].find((at) => String.fromCharCode(...bytes.subarray(at, at + 4)) === 'DICM');
  const offset = marked === undefined ? 0 : marked + 4;
  const first = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  if (first !== 2) return { transferSyntaxUID: guessed(bytes, offset), offset };
  const parser = new Parser(bytes, size, { little: true, implicit: false, vrOf: () => 'UN', uri: noUri }, offset);
  const meta = parser.elements(size, [], 1, false, (tag) => tag.startsWith('0002'));
  const given = meta['00020010']?.Value?.[0];
  return { transferSyntaxUID: typeof given === 'string' ? given : guessed(bytes, parser.at), offset: parser.at };
}

/** The transfer syntax of a data set without meta information: by its first element. */
function guessed(bytes: Uint8Array, at: number): string {
  const [a = 0, b = 0] = bytes.subarray(at, at + 2);
  const explicit = /^[A-Z]{2}$/.test(String.fromCharCode(...bytes.subarray(at + 4, at + 6)));
  if (a === 0 && b === 8 && explicit) return BIG_ENDIAN;
  if (a !== 8 || b !== 0 || bytes[at + 3] !== 0) throw new Error(t('Not a DICOM file'));
  return explicit ? EXPLICIT : IMPLICIT;
}

/** Reads a data set from its first byte up to the pixel data; `size` is what there is of it in all. */
export function readHeader(bytes: Uint8Array, size: number, { transferSyntaxUID, offset }: Start, vrOf: VrOf, uri: Syntax['uri']): Header {
  const syntax: Syntax = { little: transferSyntaxUID !== BIG_ENDIAN, implicit: transferSyntaxUID === IMPLICIT, vrOf, uri };
  const parser = new Parser(bytes, size, syntax, offset);
  const dataSet = parser.elements(size, [], 0);
  return { dataSet, pixels: parser.pixels };
}
