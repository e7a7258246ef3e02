import { describe, expect, it } from 'vitest';
import type { DataElement, DataSet } from '../src/core/dicom-json';
import { priorKeys, priorsOf } from '../src/core/priors';
import { TAGS, type Keyword } from '../src/core/tags';

const set = (values: Partial<Record<Keyword, string>>): DataSet =>
  Object.fromEntries(Object.entries(values).map(([keyword, value]): [string, DataElement] => [TAGS[keyword as Keyword], { vr: 'LO', Value: keyword === 'PatientName' ? [{ Alphabetic: value }] : [value] }]));
const patient = set({ PatientID: 'P1', PatientName: 'Muster^Erika', PatientBirthDate: '19700102', PatientSex: 'F', StudyInstanceUID: '1' });
const study = (StudyInstanceUID: string, more: Partial<Record<Keyword, string>> = {}): DataSet => set({ PatientID: 'P1', PatientName: 'Muster^Erika', PatientBirthDate: '19700102', StudyInstanceUID, ...more });
const uids = (answers: DataSet[], open: string[] = ['1']): string[] => priorsOf(answers, patient, new Set(open)).map(({ StudyInstanceUID }) => StudyInstanceUID);

describe('priors', () => {
  it('are asked for by the ID of the patient', () => {
    expect(priorKeys(patient)).toMatchObject({ PatientID: 'P1' });
    expect(priorKeys(set({ PatientName: 'Nobody' }))).toBeUndefined();
    expect(priorKeys(undefined)).toBeUndefined();
  });
  it('are the studies that are not open, the newest first', () => {
    const answers = [study('1'), study('2', { StudyDate: '20200101' }), study('3', { StudyDate: '20220101' }), study('4')];
    expect(uids(answers)).toEqual(['3', '2', '4']);
    expect(uids(answers, ['1', '3'])).toEqual(['2', '4']);
  });
  it('leave out who is somebody else', () => {
    expect(uids([study('2', { PatientID: 'P10' })])).toEqual([]);
    expect(uids([study('2', { PatientBirthDate: '19800101' })])).toEqual([]);
    expect(uids([study('2', { PatientSex: 'M' })])).toEqual([]);
    expect(uids([study('2', { PatientBirthDate: '' })])).toEqual(['2']);
  });
  it('say when the name is another one, not when it is written otherwise', () => {
    const named = (PatientName: string): boolean | undefined => priorsOf([study('2', { PatientName })], patient, new Set())[0]?.otherName;
    expect(named('MUSTER^ERIKA^')).toBe(false);
    expect(named('')).toBe(false);
    expect(named('Beispiel^Erika')).toBe(true);
  });
});
