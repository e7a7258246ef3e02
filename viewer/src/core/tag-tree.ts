// A data set as the lines of a tag browser: nested items indented, values as text, searchable. Pure.

import { formatPersonName, type DataElement, type DataSet, type JsonValue } from './dicom-json';
import { t } from './language';
import { revealed } from './plain-text';

export interface TagLine {
  key: string;
  depth: number;
  /** "0010,0010", or "" for the line of a sequence item. */
  tag: string;
  vr: string;
  keyword: string;
  value: string;
  private: boolean;
  /** Number of items below, for sequences. */
  items: number;
}

/** Keyword by eight hex digits ("VR|Keyword"); repeating groups under "60xx3000". */
export type Dictionary = Readonly<Record<string, string>>;

const LONGEST = 400;

export function keywordOf(tag: string, dictionary: Dictionary): string {
  const entry = dictionary[tag] ?? dictionary[`${tag.slice(0, 2)}xx${tag.slice(4)}`];
  return entry?.split('|')[1] ?? '';
}

const isPrivate = (tag: string): boolean => parseInt(tag.slice(3, 4), 16) % 2 === 1;

function isNested(value: JsonValue): value is DataSet {
  return typeof value === 'object' && value !== null && !('Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value);
}

function valueText(element: DataElement): string {
  if (element.BulkDataURI) return t('bulk data');
  if (element.InlineBinary !== undefined) return t('{n} bytes', { n: Math.floor((element.InlineBinary.length * 3) / 4) });
  const values = element.Value ?? [];
  const shown = values.slice(0, 64).map((value) => {
    if (value === null) return '';
    return typeof value === 'object' ? formatPersonName(value) : revealed(String(value));
  });
  const text = shown.join(' \\ ') + (values.length > 64 ? ` … ${t('({n} values)', { n: values.length })}` : '');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function creatorOf(dataSet: DataSet, tag: string): string {
  const creator = dataSet[`${tag.slice(0, 4)}00${tag.slice(4, 6)}`]?.Value?.[0];
  return typeof creator === 'string' ? creator : '';
}

/** Lines in tag order; bounded in depth, as broken files nest without end. */
export function tagLines(dataSet: DataSet, dictionary: Dictionary, depth = 0, path = ''): TagLine[] {
  if (depth > 32) return [];
  return Object.keys(dataSet)
    .sort()
    .flatMap((tag) => {
      const element = dataSet[tag];
      if (!element) return [];
      const key = `${path}/${tag}`;
      const nested = element.vr === 'SQ' ? (element.Value ?? []).filter(isNested) : [];
      const own = isPrivate(tag);
      const creator = own && tag.slice(4, 6) !== '00' ? creatorOf(dataSet, tag) : '';
      const line: TagLine = {
        key,
        depth,
        tag: `${tag.slice(0, 4)},${tag.slice(4)}`,
        vr: element.vr,
        keyword: own ? creator || (tag.slice(4, 6) === '00' ? t('Private creator') : t('Private')) : keywordOf(tag, dictionary),
        value: element.vr === 'SQ' ? '' : valueText(element),
        private: own,
        items: nested.length,
      };
      return [line, ...nested.flatMap((item, index) => itemLines(item, index, dictionary, depth, key))];
    });
}

function itemLines(item: DataSet, index: number, dictionary: Dictionary, depth: number, path: string): TagLine[] {
  const key = `${path}/${index + 1}`;
  const head: TagLine = { key, depth: depth + 1, tag: '', vr: '', keyword: t('Item {index}', { index: index + 1 }), value: '', private: false, items: 0 };
  return [head, ...tagLines(item, dictionary, depth + 2, key)];
}

/** The lines that contain the words, each with the lines it is nested in. */
export function matchingLines(lines: readonly TagLine[], search: string): TagLine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...lines];
  const wanted = new Set<string>();
  for (const line of lines) {
    const text = `${line.tag} ${line.tag.replace(',', '')} ${line.vr} ${line.keyword} ${line.value}`.toLowerCase();
    if (line.tag && words.every((word) => text.includes(word))) addWithParents(wanted, line.key);
  }
  return lines.filter((line) => wanted.has(line.key));
}

function addWithParents(wanted: Set<string>, key: string): void {
  for (let at = key; at; at = at.slice(0, at.lastIndexOf('/'))) wanted.add(at);
}
