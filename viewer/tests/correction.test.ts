import { expect, test } from 'vitest';
import { changed, fromField, labelOf, toField } from '../src/core/correction';

test('only what was changed is corrected, without blanks around it', () => {
  expect(changed({ PatientID: 'P1', StudyID: '', PatientName: 'Doe^Jane' }, { PatientID: ' P2 ', StudyID: ' ', PatientName: 'Doe^Jane' })).toEqual({ PatientID: 'P2' });
  expect(changed({ PatientID: 'P1' }, { PatientID: '' })).toEqual({ PatientID: '' });
});

test('dates are those of date fields, and what is none stays text', () => {
  expect([toField('20240307'), toField(''), toField('2024'), fromField('2024-03-07'), fromField('')]).toEqual(['2024-03-07', '', undefined, '20240307', '']);
});

test('attributes have labels', () => {
  expect([labelOf('PatientID'), labelOf('StudyTime'), labelOf('Unknown')]).toEqual(['Patient ID', 'Study time', 'Unknown']);
});
