// What a user has set for this browser: keys, theme, language. Kept in local storage; told to whoever listens.

import { setKeymap } from '../core/commands';
import { DEFAULT_KEYS, keymapOf, readKeys, type KeyChoice } from '../core/keys';
import { languageOf, setTexts, type Language, type Texts } from '../core/language';
import { Signal } from '../core/lifecycle';

export const THEMES = ['automatic', 'standard', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

export interface Settings {
  keys: KeyChoice;
  theme: Theme;
  language: Language;
}

const KEYS = 'isocenter.keys';
const THEME = 'isocenter.theme';
const LANGUAGE = 'isocenter.language';

/** The texts of each language but English, which needs none. */
const TEXTS = import.meta.glob<Texts>(['../languages/*.json', '!../languages/en.json'], { import: 'default' });

/** Storage that is switched off keeps nothing, and reads as empty. */
function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it holds until the page is closed.
  }
}

export class SettingsStore {
  readonly changed = new Signal();
  private current: Settings = { keys: DEFAULT_KEYS, theme: 'automatic', language: 'en' };

  readonly state = (): Settings => this.current;

  /** Reads what is kept and puts it into effect. */
  async load(): Promise<void> {
    const theme = THEMES.find((one) => one === stored(THEME)) ?? 'automatic';
    this.apply({ keys: readKeys(stored(KEYS)), theme });
    await this.speak(languageOf([stored(LANGUAGE) ?? '', ...navigator.languages]));
  }

  async setLanguage(language: Language): Promise<void> {
    store(LANGUAGE, language);
    await this.speak(language);
  }

  setKeys(keys: KeyChoice): void {
    store(KEYS, JSON.stringify(keys));
    this.apply({ keys });
  }

  setTheme(theme: Theme): void {
    store(THEME, theme);
    this.apply({ theme });
  }

  private async speak(language: Language): Promise<void> {
    const texts = language === 'en' ? {} : await TEXTS[`../languages/${language}.json`]?.().catch(() => undefined);
    if (!texts) return;
    setTexts(texts, language);
    document.documentElement.lang = language;
    this.apply({ language });
  }

  private apply(change: Partial<Settings>): void {
    this.current = { ...this.current, ...change };
    setKeymap(keymapOf(this.current.keys));
    document.documentElement.dataset.theme = this.current.theme;
    this.changed.emit();
  }
}

export const settings = new SettingsStore();
