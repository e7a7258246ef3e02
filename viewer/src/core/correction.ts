// What can be corrected of a study, and how its fields are filled in. Pure.

export interface CorrectedField {
  keyword: string;
  label: string;
  /** How it is typed. */
  kind: 'text' | 'name' | 'date' | 'sex';
}

export const PATIENT_FIELDS: readonly CorrectedField[] = [
  { keyword: 'PatientName', label: 'Patient name', kind: 'name' },
  { keyword: 'PatientID', label: 'Patient ID', kind: 'text' },
  { keyword: 'IssuerOfPatientID', label: 'Issuer of patient ID', kind: 'text' },
  { keyword: 'PatientBirthDate', label: 'Birth date', kind: 'date' },
  { keyword: 'PatientSex', label: 'Sex', kind: 'sex' },
];

export const STUDY_FIELDS: readonly CorrectedField[] = [
  { keyword: 'StudyDescription', label: 'Description', kind: 'text' },
  { keyword: 'AccessionNumber', label: 'Accession', kind: 'text' },
  { keyword: 'StudyID', label: 'Study ID', kind: 'text' },
  { keyword: 'StudyDate', label: 'Study date', kind: 'date' },
  { keyword: 'StudyTime', label: 'Study time', kind: 'text' },
  { keyword: 'ReferringPhysicianName', label: 'Referring physician', kind: 'name' },
];

export const SEXES: readonly (readonly [value: string, label: string])[] = [
  ['', 'not said'],
  ['F', 'female'],
  ['M', 'male'],
  ['O', 'other'],
];

/** The label of a keyword. */
export const labelOf = (keyword: string): string => [...PATIENT_FIELDS, ...STUDY_FIELDS].find((field) => field.keyword === keyword)?.label ?? keyword;

/** A date of the file as a date field has it; undefined where it is none. */
export function toField(date: string): string | undefined {
  if (date === '') return '';
  return /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : undefined;
}

/** What a date field has as it stands in files. */
export const fromField = (value: string): string => value.replaceAll('-', '');

/** What was changed. */
export function changed(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(after).filter(([keyword, value]) => value.trim() !== (before[keyword] ?? '')).map(([keyword, value]) => [keyword, value.trim()]));
}
