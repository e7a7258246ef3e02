// Texts and numbers in the user's language. A text's key is the English text itself, so that one without a translation is English.

export const LANGUAGES = [
  ['en', 'English'], ['de', 'Deutsch'], ['fr', 'Français'], ['es', 'Español'], ['pt', 'Português'], ['zh', '中文'], ['ja', '日本語'],
] as const; // prettier-ignore
export type Language = (typeof LANGUAGES)[number][0];

export type Texts = Readonly<Record<string, string>>;

let texts: Texts = {};
let current: Language = 'en';

export function setTexts(known: Texts, of: Language = 'en'): void {
  texts = known;
  current = of;
}

/** The language that is spoken, as a BCP 47 tag for dates and numbers. */
export const language = (): Language => current;

/** The text with its placeholders ("{n}") filled in. */
export function t(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const COMMA: ReadonlySet<Language> = new Set(['de', 'fr', 'es', 'pt']);

/** A number that is written with a point, with the decimal mark of the language. */
export const localNumber = (written: string): string => (COMMA.has(current) ? written.replace('.', ',') : written);

/** A number to be read by people, with so many digits. Files and style sheets take `toFixed`. */
export const fixed = (value: number, digits: number): string => localNumber(value.toFixed(digits));

/** What stands between thousands. */
const GROUPS: Readonly<Record<Language, string>> = { en: ',', de: '.', fr: '\u202f', es: '.', pt: '.', zh: ',', ja: ',' };

/**
 * A number of things, as `toLocaleString` writes it, which is not called: its first call takes longer than all else of the study list.
 * Spanish groups from five digits on.
 */
export const counted = (count: number): string => (current === 'es' && count < 10_000 ? String(count) : String(count).replace(/\B(?=(?:\d{3})+$)/g, GROUPS[current]));

/** The first of the wanted languages that there is ("de-AT" is German), else English. */
export function languageOf(wanted: readonly string[]): Language {
  const codes = wanted.map((tag) => tag.toLowerCase().split('-')[0]);
  const found = codes.map((code) => LANGUAGES.find(([known]) => known === code)).find(Boolean);
  return found?.[0] ?? 'en';
}
