// A structured report as something to read (PS3.3 C.17.3): its head, and its content tree with values as text. Pure.

import { formatDate, formatTime } from './dates';
import { items, numbers, text, texts, type DataSet } from './dicom-json';
import { t } from './language';

/** A picture, or another object, that an item names. */
export interface Reference {
  SOPInstanceUID: string;
  frames: number[];
  isImage: boolean;
}

export interface ReportItem {
  /** "1.2.1", as the standard counts. */
  key: string;
  /** A heading with items below it. */
  container: boolean;
  name: string;
  value: string;
  /** What kind of value it is, where text alone would not tell: a region, a point in space. */
  kind: string;
  reference: Reference | undefined;
  items: ReportItem[];
}

export interface Report {
  title: string;
  /** "Complete, verified by …": whose word it is. */
  status: string;
  authors: string[];
  date: string;
  items: ReportItem[];
}

const DEEPEST = 24;

const meaning = (code: DataSet | undefined): string => text(code, 'CodeMeaning') || text(code, 'CodeValue');

export const isReport = (dataSet: DataSet): boolean => text(dataSet, 'ValueType') === 'CONTAINER';

export function readReport(dataSet: DataSet): Report {
  const verifier = items(dataSet, 'VerifyingObserverSequence')[0];
  const complete = text(dataSet, 'CompletionFlag') === 'PARTIAL' ? t('Partial') : t('Complete');
  const verified = text(dataSet, 'VerificationFlag') === 'VERIFIED';
  const by = [text(verifier, 'VerifyingObserverName'), formatMoment(text(verifier, 'VerificationDateTime'))].filter(Boolean).join(', ');
  return {
    title: meaning(items(dataSet, 'ConceptNameCodeSequence')[0]) || t('Report'),
    status: `${complete}, ${!verified ? t('not verified') : by ? t('verified by {by}', { by }) : t('verified')}`,
    authors: items(dataSet, 'AuthorObserverSequence').map((author) => text(author, 'PersonName')).filter(Boolean),
    date: [formatDate(text(dataSet, 'ContentDate')), formatTime(text(dataSet, 'ContentTime'))].filter(Boolean).join(' '),
    items: below(dataSet, '1', 0),
  };
}

function below(dataSet: DataSet, key: string, depth: number): ReportItem[] {
  if (depth > DEEPEST) return [];
  return items(dataSet, 'ContentSequence').map((item, index) => readItem(item, `${key}.${index + 1}`, depth + 1));
}

function readItem(item: DataSet, key: string, depth: number): ReportItem {
  const type = text(item, 'ValueType');
  const by = numbers(item, 'ReferencedContentItemIdentifier');
  const name = meaning(items(item, 'ConceptNameCodeSequence')[0]);
  const value = by.length > 0 ? t('see {item}', { item: by.join('.') }) : (VALUES[type]?.(item) ?? '');
  const kind = KINDS[type]?.(item) ?? '';
  return { key, container: type === 'CONTAINER', name, value, kind, reference: referenceOf(item, type), items: below(item, key, depth) };
}

/** Value type → its value as text (PS3.3 Table C.17.3-7). */
const VALUES: Readonly<Record<string, (item: DataSet) => string>> = {
  TEXT: (item) => text(item, 'TextValue'),
  CODE: (item) => meaning(items(item, 'ConceptCodeSequence')[0]),
  NUM: measured,
  DATE: (item) => formatDate(text(item, 'Date')),
  TIME: (item) => formatTime(text(item, 'Time')),
  DATETIME: (item) => formatMoment(text(item, 'DateTime')),
  PNAME: (item) => text(item, 'PersonName'),
  UIDREF: (item) => text(item, 'UID'),
};

const KINDS: Readonly<Record<string, (item: DataSet) => string>> = {
  SCOORD: (item) => shape(item, 2, t('in the image')),
  SCOORD3D: (item) => shape(item, 3, t('in the patient')),
  TCOORD: () => t('points in time'),
};

function shape(item: DataSet, size: number, where: string): string {
  const points = Math.floor(numbers(item, 'GraphicData').length / size);
  const kind = text(item, 'GraphicType').toLowerCase() || 'points';
  return kind === 'point' ? t('point {where}', { where }) : t('{kind} of {points} points {where}', { kind, points, where });
}

/** A number with its unit, or why there is none. Units of one are left out. */
function measured(item: DataSet): string {
  const value = items(item, 'MeasuredValueSequence')[0];
  if (!value) return meaning(items(item, 'NumericValueQualifierCodeSequence')[0]) || t('no value');
  const unit = items(value, 'MeasurementUnitsCodeSequence')[0];
  const symbol = text(unit, 'CodeValue');
  const shown = symbol === '1' || /^\{.*\}$/.test(symbol) ? symbol.replace(/^1$|[{}]/g, '') : symbol || meaning(unit);
  return [texts(value, 'NumericValue').join(' '), shown].filter(Boolean).join(' ');
}

function referenceOf(item: DataSet, type: string): Reference | undefined {
  const target = items(item, 'ReferencedSOPSequence')[0];
  const SOPInstanceUID = text(target, 'ReferencedSOPInstanceUID');
  if (!SOPInstanceUID) return undefined;
  return { SOPInstanceUID, frames: numbers(target, 'ReferencedFrameNumber'), isImage: type === 'IMAGE' };
}

/** A DT value: date and time, without fractions and offset. */
export function formatMoment(value: string): string {
  const match = /^(\d{8})(\d{2,6})?/.exec(value);
  return match ? [formatDate(match[1] ?? ''), match[2] ? formatTime(match[2]) : ''].filter(Boolean).join(' ') : value;
}
