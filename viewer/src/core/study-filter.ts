// What the study list is narrowed to: as QIDO keys, and as the part of its address that names no patient. Pure.

import { dateRangeKey, type DateRange } from './dates';

/** States that the archive finds studies by (index/status.py). */
export const STATUSES = ['arriving', 'conflict', 'corrected', 'report', 'key-images'] as const;
export type StudyStatus = (typeof STATUSES)[number];

export interface StudyFilter {
  search: string;
  modality: string;
  range: DateRange;
  institution: string;
  status: StudyStatus | '';
}

export const ALL: StudyFilter = { search: '', modality: '', range: 'recent', institution: '', status: '' };

export const isAll = ({ search, modality, range, institution, status }: StudyFilter): boolean => !search && !modality && (range === 'recent' || range === 'all') && !institution && !status;

type Casing = (words: readonly string[]) => readonly string[];
const asTyped: Casing = (words) => words;
const upper: Casing = (words) => words.map((word) => word.toUpperCase());
const capitalised: Casing = (words) => words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
const ANY_CASE = [asTyped, upper, capitalised];

/**
 * What the search field covers. Archives match names in any case (PS3.4 C.2.2.2.1), other attributes as they are
 * written: these are asked for as typed and as they are usually written.
 */
const SEARCHED: readonly (readonly [keyword: string, casings: readonly Casing[]])[] = [
  ['PatientName', [asTyped]],
  ['PatientID', [asTyped, upper]],
  ['AccessionNumber', [asTyped, upper]],
  ['StudyDescription', ANY_CASE],
];

const wordsOf = (typed: string): string[] => typed.replace(/[\\*?^,=]+/g, ' ').trim().split(/\s+/).filter(Boolean);
const patternsOf = (words: readonly string[], casings: readonly Casing[]): string[] => [...new Set(casings.map((casing) => `*${casing(words).join('*')}*`))];

/** QIDO queries for the attributes that the search field covers; a single one where nothing is searched for. */
export function studyQueries({ search, modality, range, institution, status }: StudyFilter, now: Date): Record<string, string>[] {
  const common: Record<string, string> = {};
  const dates = dateRangeKey(range, now);
  if (dates) common.StudyDate = dates;
  if (modality) common.ModalitiesInStudy = modality;
  const places = wordsOf(institution);
  if (places.length > 0) common.InstitutionName = patternsOf(places, ANY_CASE).join('\\');
  if (status) common.status = status;
  const words = wordsOf(search);
  if (words.length === 0) return [common];
  return SEARCHED.flatMap(([keyword, casings]) => patternsOf(words, casings).map((pattern) => ({ ...common, [keyword]: pattern, ...(keyword === 'PatientName' ? { fuzzymatching: 'true' } : {}) })));
}

const RANGES = ['today', 'yesterday', 'week', 'all'] as const;
const MODALITY = /^[A-Z0-9_]{1,16}$/;
const LONGEST = 64;

/** The filter as parameters of an address; what is typed into the search field may name a patient, so it is none. */
export function filterParameters({ modality, range, institution, status }: StudyFilter): string[] {
  const parts: readonly (readonly [name: string, value: string])[] = [
    ['date', typeof range === 'string' && range !== ALL.range ? range : ''],
    ['modality', modality],
    ['institution', institution.trim()],
    ['status', status],
  ];
  return parts.filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
}

/** The filter that an address names; undefined where it names none. `value` gives a parameter's value, "" where it has none. */
export function readFilter(value: (name: string) => string): StudyFilter | undefined {
  const filter: StudyFilter = {
    ...ALL,
    range: RANGES.find((range) => range === value('date')) ?? ALL.range,
    modality: MODALITY.test(value('modality')) ? value('modality') : '',
    institution: value('institution').slice(0, LONGEST),
    status: STATUSES.find((status) => status === value('status')) ?? '',
  };
  return filterParameters(filter).length > 0 ? filter : undefined;
}
