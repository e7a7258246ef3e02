// Texts in the user's language. A text's key is the English text itself, so that one without a translation is English.

export const LANGUAGES = [
  ['en', 'English'], ['de', 'Deutsch'], ['fr', 'Français'], ['es', 'Español'], ['pt', 'Português'], ['zh', '中文'], ['ja', '日本語'],
] as const; // prettier-ignore
export type Language = (typeof LANGUAGES)[number][0];

export type Texts = Readonly<Record<string, string>>;

let texts: Texts = {};

export function setTexts(known: Texts): void {
  texts = known;
}

/** The text with its placeholders ("{n}") filled in. */
export function t(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The first of the wanted languages that there is ("de-AT" is German), else English. */
export function languageOf(wanted: readonly string[]): Language {
  const codes = wanted.map((tag) => tag.toLowerCase().split('-')[0]);
  const found = codes.map((code) => LANGUAGES.find(([known]) => known === code)).find(Boolean);
  return found?.[0] ?? 'en';
}
