// Which further studies are the patient's: asked for by his ID, and compared by what else says who he is. Pure.

import { text, type DataSet } from './dicom-json';
import { readStudyRow, type StudyRow } from './study-row';

export interface Prior extends StudyRow {
  /** The name is another one: of a marriage, or of another patient. */
  otherName: boolean;
}

/** QIDO keys; undefined where there is no PatientID to ask for. */
export function priorKeys(patient: DataSet | undefined): Record<string, string> | undefined {
  const PatientID = text(patient, 'PatientID');
  return PatientID ? { PatientID, includefield: 'IssuerOfPatientID,PatientBirthDate,StudyDescription' } : undefined;
}

const differ = (a: string, b: string): boolean => a !== '' && b !== '' && a !== b;
const family = (name: string): string => name.toLowerCase().replace(/[^\p{L}]+/gu, ' ').trim();

/** The studies of the patient but those that are open, the newest first; what contradicts the patient is left out. */
export function priorsOf(answers: readonly DataSet[], patient: DataSet, open: ReadonlySet<string>): Prior[] {
  return answers
    .filter((answer) => text(answer, 'PatientID') === text(patient, 'PatientID'))
    .filter((answer) => (['IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'] as const).every((key) => !differ(text(answer, key), text(patient, key))))
    .filter((answer) => !open.has(text(answer, 'StudyInstanceUID')))
    .map((answer): Prior => ({ ...readStudyRow(answer), otherName: differ(family(text(answer, 'PatientName')), family(text(patient, 'PatientName'))) }))
    .sort((a, b) => (a.when < b.when ? 1 : a.when > b.when ? -1 : 0));
}
