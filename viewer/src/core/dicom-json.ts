// Reading of the DICOM JSON model (PS3.18 Annex F). Tolerant: a missing, empty or malformed element reads as nothing.

import { language } from './language';
import type { Columns } from './opening';
import { plain } from './plain-text';
import { TAGS, type Keyword } from './tags';

export type PersonNameValue = { Alphabetic?: string; Ideographic?: string; Phonetic?: string };
export type JsonValue = string | number | PersonNameValue | DataSet | null;
export interface DataElement {
  vr: string;
  Value?: JsonValue[];
  BulkDataURI?: string;
  InlineBinary?: string;
  /** Items side by side, as they came; `Value` makes them. */
  items?: Columns;
}
export type DataSet = Record<string, DataElement | undefined>;

export function element(dataSet: DataSet | undefined, keyword: Keyword): DataElement | undefined {
  return dataSet?.[TAGS[keyword]];
}

export function has(dataSet: DataSet | undefined, keyword: Keyword): boolean {
  return element(dataSet, keyword) !== undefined;
}

function asText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return plain(value).trim();
  if (typeof value === 'number') return String(value);
  if ('Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value) return formatPersonName(value);
  return '';
}

function asNumber(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '') return Number(value);
  return NaN;
}

/** The element's first value as trimmed text; "" where there is none. Person names are made readable. */
export function text(dataSet: DataSet | undefined, keyword: Keyword): string {
  return asText(element(dataSet, keyword)?.Value?.[0]);
}

export function texts(dataSet: DataSet | undefined, keyword: Keyword): string[] {
  return (element(dataSet, keyword)?.Value ?? []).map(asText);
}

/** The element's first value as a number, or undefined where it is absent or not a number. */
export function number(dataSet: DataSet | undefined, keyword: Keyword): number | undefined {
  const value = asNumber(element(dataSet, keyword)?.Value?.[0]);
  return Number.isFinite(value) ? value : undefined;
}

/** All values as numbers; [] where any of them is not one. */
export function numbers(dataSet: DataSet | undefined, keyword: Keyword): number[] {
  const values = (element(dataSet, keyword)?.Value ?? []).map(asNumber);
  return values.every(Number.isFinite) ? values : [];
}

export function items(dataSet: DataSet | undefined, keyword: Keyword): DataSet[] {
  const values = element(dataSet, keyword)?.Value ?? [];
  return values.filter((value): value is DataSet => typeof value === 'object' && value !== null);
}

function readableComponentGroup(group: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = plain(group).split('^').map((part) => part.trim());
  const first = [prefix, given, middle].filter(Boolean).join(' ');
  const last = [family, suffix].filter(Boolean).join(' ');
  return [last, first].filter(Boolean).join(', ');
}

/** "Yamada^Tarou" with ideographic group → "Yamada, Tarou (山田 太郎)", in Chinese and Japanese "山田 太郎 (Yamada, Tarou)" (PS3.5 6.2). */
export function formatPersonName(value: PersonNameValue | string | undefined): string {
  if (value === undefined) return '';
  const groups = typeof value === 'string' ? splitGroups(value) : value;
  const alphabetic = readableComponentGroup(groups.Alphabetic ?? '');
  const ideographic = plain(groups.Ideographic ?? '').split('^').filter(Boolean).join(' ').trim();
  if (alphabetic && ideographic) return language() === 'ja' || language() === 'zh' ? `${ideographic} (${alphabetic})` : `${alphabetic} (${ideographic})`;
  return alphabetic || ideographic || readableComponentGroup(groups.Phonetic ?? '');
}

function splitGroups(name: string): PersonNameValue {
  const [Alphabetic = '', Ideographic = '', Phonetic = ''] = name.split('=');
  return { Alphabetic, Ideographic, Phonetic };
}

/** The bytes of InlineBinary (base64), without the DOM's atob. */
export function inlineBytes(base64: string): Uint8Array<ArrayBuffer> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const clean = base64.replace(/[^A-Za-z0-9+/]/g, '');
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let bits = 0;
  let buffer = 0;
  let at = 0;
  for (const character of clean) {
    buffer = (buffer << 6) | alphabet.indexOf(character);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
}
