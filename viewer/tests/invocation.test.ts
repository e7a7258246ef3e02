import { expect, it } from 'vitest';
import { readPlace } from '../src/core/deep-link';
import { invoked, readInvocation, type Invocation } from '../src/core/invocation';
import { dataSet } from './builders';

const study = (uid: string, day: string, more: Record<string, string> = {}) => dataSet({ StudyInstanceUID: uid, StudyDate: day, StudyTime: '101500', PatientID: 'P1', ModalitiesInStudy: 'CT', ...more });
const ALL = [study('1.1', '20200101', { AccessionNumber: 'A1' }), study('1.3', '20240101', { ModalitiesInStudy: 'MR' }), study('1.2', '20220101'), study('1.4', '20250101', { PatientID: 'P2' })];

function asked(query: string): Invocation | string {
  const given = new Map([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]));
  return readInvocation((name) => given.get(name) ?? '');
}
function shown(query: string, answers = ALL): string[] | string {
  const read = asked(query);
  return typeof read === 'string' ? read : invoked(read, answers);
}

it.each([
  ['requestType=STUDY&studyUID=1.2', ['1.2']],
  ['requestType=STUDY&studyUID=1.1,1.3', ['1.3', '1.1']],
  ['requestType=STUDY&accessionNumber=A1', ['1.1']],
  ['requestType=PATIENT&patientID=P1', ['1.3']],
  ['requestType=PATIENT&patientID=P1%5E%5E%5EHOME%261.2%26ISO&mostRecentResults=2', ['1.3', '1.2']],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=9', ['1.3', '1.2', '1.1']],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=9&modalitiesInStudy=ct,us', ['1.2', '1.1']],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=9&lowerDateTime=2022-01-01T10:15:00&upperDateTime=2023', 'upperDateTime'],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=9&lowerDateTime=2022-01-01T10:15:00Z&upperDateTime=20240101', ['1.3', '1.2']],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=9&lowerDateTime=2022-01-01T10:15:01&upperDateTime=2023-12-31', 'holds no study'],
  ['requestType=PATIENT&patientID=P1&mostRecentResults=0', 'mostRecentResults'],
  ['requestType=PATIENT&patientID=P*', 'patientID'],
  ['requestType=PATIENT', 'patientID'],
  ['requestType=PATIENT&patientID=P9', 'holds no study'],
  ['requestType=STUDY&studyUID=a', 'studyUID'],
  ['requestType=STUDY', 'studyUID, accessionNumber'],
  ['requestType=SERIES', 'requestType'],
])('%s', (query, expected) => {
  const found = shown(query);
  if (typeof expected === 'string') expect(found).toContain(expected);
  else expect(found).toEqual(expected);
});

it('keeps patients with one ID apart', () => {
  const both = [study('1.1', '20200101', { IssuerOfPatientID: 'HOME' }), study('1.2', '20220101', { IssuerOfPatientID: 'AWAY' })];
  expect(shown('requestType=PATIENT&patientID=P1', both)).toContain('Several patients');
  expect(shown('requestType=PATIENT&patientID=P1%5E%5E%5EHOME', both)).toEqual(['1.1']);
});

it('asks for all studies of a list at once, and for accession numbers one by one', () => {
  expect(asked('requestType=STUDY&studyUID=1.2;1.3')).toMatchObject({ searches: [{ StudyInstanceUID: '1.2,1.3' }] });
  expect(asked('requestType=STUDY&accessionNumber=A1,A2')).toMatchObject({ searches: [{ AccessionNumber: 'A1' }, { AccessionNumber: 'A2' }] });
});

it('is what an address with a request type means', () => {
  expect(['/viewer', '/IHEInvokeImageDisplay', '/proxy/viewer/', '/'].map((path) => readPlace(path, '?requestType=STUDY').page)).toEqual(['invoked', 'invoked', 'invoked', 'list']);
});
