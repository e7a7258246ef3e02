import { describe, expect, it } from 'vitest';
import { formatPersonName, text } from '../src/core/dicom-json';
import { pictureName } from '../src/core/export';
import { plain, revealed } from '../src/core/plain-text';
import { tagLines } from '../src/core/tag-tree';

const STEERING = '\u202e\u2066\u061c\u0007\u001b\u0085';

describe('plain', () => {
  it('takes out what steers terminals and the direction of writing', () => expect(plain(`a${STEERING}b`)).toBe('ab'));
  it('keeps line ends, tabs and letters of every script', () => expect(plain('a\r\n\tשלום 山田 é\u200d')).toBe('a\r\n\tשלום 山田 é\u200d'));
});

describe('texts of files', () => {
  const dataSet = { '00081030': { vr: 'LO', Value: [`CT${STEERING} thorax`] }, '00100010': { vr: 'PN', Value: [{ Alphabetic: `Doe${STEERING}^John` }] } };
  it('are read plain', () => expect(text(dataSet, 'StudyDescription')).toBe('CT thorax'));
  it('are plain in names of people', () => expect([text(dataSet, 'PatientName'), formatPersonName(`A\u202e^B=\u202e山`)]).toEqual(['Doe, John', 'A, B (山)']));
  it('show in the tag browser what they hold', () => expect(tagLines(dataSet, {})[0]?.value).toBe('CT⟨U+202E⟩⟨U+2066⟩⟨U+061C⟩⟨U+0007⟩⟨U+001B⟩⟨U+0085⟩ thorax'));
  it('reveals', () => expect(revealed('\u0000')).toBe('⟨U+0000⟩'));
});

describe('names of files', () => {
  it('hold letters, digits and lines only, and not many', () => {
    const name = pictureName({ modality: `../${STEERING}<b>${'W'.repeat(10_000)}`, number: 3 }, 1);
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
  });
});
