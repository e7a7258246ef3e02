import { afterEach, expect, test } from 'vitest';
import { LANGUAGES, languageOf, setTexts, t, type Texts } from '../src/core/language';

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
