import { afterEach, expect, test } from 'vitest';
import { formatAge, formatDate } from '../src/core/dates';
import { formatPersonName } from '../src/core/dicom-json';
import { counted, fixed, LANGUAGES, languageOf, setTexts, t, type Texts } from '../src/core/language';
import { formatValue } from '../src/core/modality';
import { literals, wanted } from './texts';

const files = import.meta.glob<Texts>('../src/languages/*.json', { eager: true, import: 'default' });
const read = (code: string): Texts => files[`../src/languages/${code}.json`] ?? {};
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([one]) => one).sort();
const english = read('en');

afterEach(() => setTexts({}));

test.each(LANGUAGES.map(([code]) => code))('%s has all texts, with the same placeholders', (code) => {
  const texts = read(code);
  expect(Object.keys(texts).length).toBeGreaterThan(50);
  expect(Object.keys(texts)).toEqual(Object.keys(english));
  for (const [key, text] of Object.entries(texts)) {
    expect(text.trim()).not.toBe('');
    expect(placeholders(text)).toEqual(placeholders(key));
  }
});

test('the languages have what the sources say, and nothing else', () => {
  const texts = wanted();
  expect([...texts].filter((text) => !(text in english))).toEqual([]);
  expect(Object.keys(english).filter((text) => !texts.has(text))).toEqual([]);
}, 60_000);

test('what people see is given to t()', () => {
  expect(literals()).toEqual([]);
}, 60_000);

test('dates, ages and numbers are those of the language', () => {
  expect(['en', 'de', 'fr', 'es', 'pt', 'zh', 'ja'].map((code) => (setTexts(read(code), code as 'en'), formatDate('20240307')))).toEqual([
    '7 Mar 2024', '7. März 2024', '7 mars 2024', '7 mar 2024', '7 de mar. de 2024', '2024年3月7日', '2024年3月7日',
  ]); // prettier-ignore
  setTexts(read('de'), 'de');
  expect([fixed(12.345, 1), formatValue(-0.25), formatValue(40), formatAge('', '', '043Y')]).toEqual(['12,3', '-0,25', '40', '43 J.']);
  const name = { Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' };
  expect(formatPersonName(name)).toBe('Yamada, Tarou (山田 太郎)');
  setTexts(read('ja'), 'ja');
  expect(formatPersonName(name)).toBe('山田 太郎 (Yamada, Tarou)');
  expect([fixed(12.345, 1), formatAge('', '', '006M')]).toEqual(['12.3', '6か月']);
});

test.each(LANGUAGES.map(([code]) => code))('thousands are written as %s does', (code) => {
  setTexts(read(code), code);
  const counts = [0, 7, 999, 1000, 9999, 10_000, 123_456, 1_234_567];
  expect(counts.map(counted)).toEqual(counts.map((count) => count.toLocaleString(code)));
});

test('English is the key itself', () => {
  for (const [key, text] of Object.entries(english)) expect(text).toBe(key);
});

test('texts are looked up and filled in; what nobody translated is English', () => {
  setTexts(read('de'));
  expect(t('{n} studies', { n: 3 })).toBe('3 Studien');
  expect(t('Not there {x}', { x: '<b>' })).toBe('Not there <b>');
  expect(t('{n} studies')).toBe('{n} Studien');
});

test('the browser’s languages choose', () => {
  expect(languageOf(['pt-BR', 'en'])).toBe('pt');
  expect(languageOf(['fi', 'zh-Hans-CN'])).toBe('zh');
  expect(languageOf(['fi'])).toBe('en');
});
