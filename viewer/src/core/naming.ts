// Whom a text names: what a header says of who the patient is, taken out of texts that leave the viewer without it. Pure.

import { formatDate } from './dates';
import { text, texts, type DataSet } from './dicom-json';

/** What stands where somebody was named. */
export const LEFT_OUT = '…';
/** Shorter parts of names and numbers are words and values like any other. */
const [NAME, NUMBER] = [3, 4];
const RAW_NAME = /[^\p{L}\p{M}\p{N}]+/u;

/** A text without the patient's names, numbers and birth date, in capital or small letters, where they stand as words. */
export function withoutNames(words: string, dataSet: DataSet | undefined): string {
  const found = identifiers(dataSet);
  return found.length === 0 ? words : words.replace(new RegExp(`(?<![\\p{L}\\p{N}])(?:${found.map(literal).join('|')})(?![\\p{L}\\p{N}])`, 'giu'), LEFT_OUT);
}

/** Long ones first, so that none is cut by one that it begins with. */
function identifiers(dataSet: DataSet | undefined): string[] {
  const names = texts(dataSet, 'PatientName').flatMap((name) => name.split(RAW_NAME)).filter((part) => part.length >= NAME || !/^\p{ASCII}*$/u.test(part));
  const numbers = [...texts(dataSet, 'PatientID'), ...texts(dataSet, 'AccessionNumber')].filter((one) => one.length >= NUMBER);
  const birth = text(dataSet, 'PatientBirthDate');
  const [, year, month, day] = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(birth) ?? [];
  const days = year && month && day ? [birth, formatDate(birth), `${year}-${month}-${day}`, `${day}.${month}.${year}`, `${day}/${month}/${year}`, `${month}/${day}/${year}`] : [];
  return [...new Set([...names, ...numbers, ...days])].filter(Boolean).sort((a, b) => b.length - a.length);
}

const literal = (value: string): string => value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
