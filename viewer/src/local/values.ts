// Values of elements by their VR, from bytes to the DICOM JSON model (PS3.5 6.2, PS3.18 F.2.3). Pure.

import type { DataElement, JsonValue, PersonNameValue } from '../core/dicom-json';
import { decodeText } from './character-sets';

export interface Context {
  little: boolean;
  sets: readonly string[];
}

type Read = (bytes: Uint8Array, context: Context) => JsonValue[];

function parts(bytes: Uint8Array, { sets }: Context): string[] {
  return decodeText(bytes, sets).replace(/[\0 ]+$/, '').split('\\');
}

const ASCII: Context = { little: true, sets: [] };
const orNull = (value: string): JsonValue => value || null;
const plain: Read = (bytes) => parts(bytes, ASCII).map((part) => orNull(part.replaceAll('\0', '').trim()));
const worded: Read = (bytes, context) => parts(bytes, context).map((part) => orNull(part.trim()));
const whole: Read = (bytes, { sets }) => [decodeText(bytes, sets).replace(/[\0 ]+$/, '')];
const decimal: Read = (bytes) => parts(bytes, ASCII).map((part) => (part.trim() === '' || !Number.isFinite(Number(part)) ? orNull(part.trim()) : Number(part)));

const named: Read = (bytes, context) =>
  parts(bytes, context).map((part) => {
    const [Alphabetic = '', Ideographic = '', Phonetic = ''] = part.split('=').map((group) => group.trim());
    const name: PersonNameValue = { ...(Alphabetic ? { Alphabetic } : {}), ...(Ideographic ? { Ideographic } : {}), ...(Phonetic ? { Phonetic } : {}) };
    return Object.keys(name).length > 0 ? name : null;
  });

/** Numbers of a fixed size. */
function fixed(size: number, get: (view: DataView, at: number, little: boolean) => JsonValue): Read {
  return (bytes, { little }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => get(view, index * size, little));
  };
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');

const READERS: Readonly<Record<string, Read>> = {
  AE: plain, AS: plain, CS: plain, DA: plain, DT: plain, TM: plain, UI: plain, UR: whole,
  LO: worded, SH: worded, UC: worded, LT: whole, ST: whole, UT: whole, PN: named, DS: decimal, IS: decimal,
  AT: fixed(4, (view, at, little) => hex(view.getUint16(at, little)) + hex(view.getUint16(at + 2, little))),
  US: fixed(2, (view, at, little) => view.getUint16(at, little)),
  SS: fixed(2, (view, at, little) => view.getInt16(at, little)),
  UL: fixed(4, (view, at, little) => view.getUint32(at, little)),
  SL: fixed(4, (view, at, little) => view.getInt32(at, little)),
  FL: fixed(4, (view, at, little) => view.getFloat32(at, little)),
  FD: fixed(8, (view, at, little) => view.getFloat64(at, little)),
  UV: fixed(8, (view, at, little) => Number(view.getBigUint64(at, little))),
  SV: fixed(8, (view, at, little) => Number(view.getBigInt64(at, little))),
}; // prettier-ignore

/** VRs whose values are bytes, and the size of the words in them. */
export const BINARY: Readonly<Record<string, number>> = { OB: 1, UN: 1, OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };
/** VRs whose length in explicit VR takes four bytes, after two that are reserved (PS3.5 7.1.2). */
export const LONG = new Set([...Object.keys(BINARY), 'SQ', 'SV', 'UC', 'UR', 'UT', 'UV']);

/** An element that is neither a sequence nor bytes. */
export function textOrNumbers(vr: string, bytes: Uint8Array, context: Context): DataElement {
  const Value = bytes.length > 0 ? (READERS[vr]?.(bytes, context) ?? []) : [];
  return Value.some((value) => value !== null && value !== '') ? { vr, Value } : { vr };
}

/** Words in the other byte order. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  for (let at = 0; size > 1 && at + size <= out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}

export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
