// A study as the list shows it, from a QIDO answer; the order as a QIDO key; merging of answers. Pure.

import { formatAge, formatDate, formatTime } from './dates';
import { number, text, texts, type DataSet } from './dicom-json';

export interface StudyRow {
  StudyInstanceUID: string;
  name: string;
  PatientID: string;
  birth: string;
  ageSex: string;
  date: string;
  time: string;
  /** Date and time as they stand in the file: what merged answers are sorted by. */
  when: string;
  modalities: string[];
  description: string;
  AccessionNumber: string;
  series: number;
  images: number;
}

const SEX: Readonly<Record<string, string>> = { M: 'M', F: 'F', O: 'O' };

export function readStudyRow(dataSet: DataSet): StudyRow {
  const StudyDate = text(dataSet, 'StudyDate');
  const StudyTime = text(dataSet, 'StudyTime');
  const birth = text(dataSet, 'PatientBirthDate');
  const age = formatAge(birth, StudyDate, text(dataSet, 'PatientAge'));
  const sex = SEX[text(dataSet, 'PatientSex')] ?? '';
  return {
    StudyInstanceUID: text(dataSet, 'StudyInstanceUID'),
    name: text(dataSet, 'PatientName'),
    PatientID: text(dataSet, 'PatientID'),
    birth: birth ? formatDate(birth) : '',
    ageSex: [age, sex].filter(Boolean).join(' · '),
    date: StudyDate ? formatDate(StudyDate) : '',
    time: StudyTime ? formatTime(StudyTime) : '',
    when: `${StudyDate}${StudyTime}`,
    modalities: texts(dataSet, 'ModalitiesInStudy').filter(Boolean),
    description: text(dataSet, 'StudyDescription'),
    AccessionNumber: text(dataSet, 'AccessionNumber'),
    series: number(dataSet, 'NumberOfStudyRelatedSeries') ?? 0,
    images: number(dataSet, 'NumberOfStudyRelatedInstances') ?? 0,
  };
}

/** What the archive sorts by, for each column that can be sorted. */
const SORTED = {
  when: ['StudyDate', 'StudyTime'],
  name: ['PatientName'],
  PatientID: ['PatientID'],
  description: ['StudyDescription'],
  AccessionNumber: ['AccessionNumber'],
} as const satisfies Partial<Record<keyof StudyRow, readonly string[]>>;

export type SortKey = keyof typeof SORTED;
export interface Sort {
  key: SortKey;
  descending: boolean;
}

/** The order that archives answer in unasked. */
export const NEWEST_FIRST: Sort = { key: 'when', descending: true };

/** The value of `orderby`, in requests and in the list's address; "" for the newest first. */
export function orderOf({ key, descending }: Sort): string {
  if (key === NEWEST_FIRST.key && descending) return '';
  return SORTED[key].map((keyword) => `${descending ? '-' : ''}${keyword}`).join(',');
}

/** The order of an address; undefined where it names none that the list has. */
export function sortOf(orderby: string): Sort | undefined {
  const sorts = (Object.keys(SORTED) as SortKey[]).flatMap((key) => [{ key, descending: false }, { key, descending: true }]);
  return sorts.find((sort) => orderOf(sort) === orderby);
}

/** As the archive compares names (person_name.fold). */
const folded = (name: string): string => name.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/[\s,]+/g, ' ');

/** Rows of several answers that are each in this order, in this order: what is missing last, equal ones by UID. */
export function sortedRows(rows: readonly StudyRow[], { key, descending }: Sort): StudyRow[] {
  const sign = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: key === 'name' ? folded(row.name) : row[key], uid: row.StudyInstanceUID }));
  keyed.sort((a, b) => Number(!a.value) - Number(!b.value) || sign * (compared(a.value, b.value) || compared(a.uid, b.uid)));
  return keyed.map(({ row }) => row);
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Rows of several answers, each study once. */
export function mergedRows(answers: readonly (readonly StudyRow[])[]): StudyRow[] {
  const known = new Map<string, StudyRow>();
  for (const row of answers.flat()) known.set(row.StudyInstanceUID, row);
  return [...known.values()];
}

/** Objects about images, which a study has beside them. */
const BESIDE = new Set(['AU', 'DOC', 'ECG', 'HD', 'KO', 'PR', 'REG', 'RTDOSE', 'RTPLAN', 'RTRECORD', 'RTSTRUCT', 'RWV', 'SEG', 'SR']);

/** Letters that the column of modalities has room for, a number beside them. */
const ROOM = 8;

/** The modalities that are named, images first: two, or one where their letters are many; and how many more there are. */
export function namedModalities(modalities: readonly string[]): { named: string[]; more: number } {
  const ordered = [...modalities].sort((a, b) => Number(BESIDE.has(a)) - Number(BESIDE.has(b)));
  const two = ordered.slice(0, 2);
  const named = two.join('').length > ROOM ? two.slice(0, 1) : two;
  return { named, more: ordered.length - named.length };
}
