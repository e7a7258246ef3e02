// What a user has set for this browser: keys, mouse, theme, language, what plays, whose name is shown, and the study list. Kept in local storage; told to whoever listens.

import { setAutoPlay } from '../core/cine';
import { setKeymap } from '../core/commands';
import { readPointer, USUAL_POINTER, type PointerChoice } from '../core/gesture';
import { DEFAULT_KEYS, keymapOf, readKeys, type KeyChoice } from '../core/keys';
import { languageOf, setTexts, type Language, type Texts } from '../core/language';
import { Signal } from '../core/lifecycle';

export const THEMES = ['automatic', 'standard', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

export interface Settings {
  keys: KeyChoice;
  theme: Theme;
  language: Language;
  pointer: PointerChoice;
  /** Clips of what moves by nature play by themselves. */
  autoPlay: boolean;
  /** It is shown who the patient is. */
  names: boolean;
  /** Columns of the study list that are not shown. */
  without: readonly string[];
  /** What the study list is ordered by (`orderby`); "": newest first. */
  order: string;
}

const KEYS = 'isocenter.keys';
const THEME = 'isocenter.theme';
const LANGUAGE = 'isocenter.language';
const POINTER = 'isocenter.pointer';
const AUTO_PLAY = 'isocenter.autoplay';
const NAMES = 'isocenter.names';
const WITHOUT = 'isocenter.without';
const ORDER = 'isocenter.order';
const OFF = 'off';

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
  private current: Settings = { keys: DEFAULT_KEYS, theme: 'automatic', language: 'en', pointer: USUAL_POINTER, autoPlay: true, names: true, without: [], order: stored(ORDER) ?? '' };

  readonly state = (): Settings => this.current;

  /** Reads what is kept and puts it into effect. */
  async load(): Promise<void> {
    const theme = THEMES.find((one) => one === stored(THEME)) ?? 'automatic';
    this.apply({ keys: readKeys(stored(KEYS)), theme, pointer: readPointer(stored(POINTER)), autoPlay: stored(AUTO_PLAY) !== OFF, names: stored(NAMES) !== OFF, without: (stored(WITHOUT) ?? '').split(' ').filter(Boolean) });
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

  setPointer(pointer: PointerChoice): void {
    store(POINTER, JSON.stringify(pointer));
    this.apply({ pointer });
  }

  setAutoPlay(autoPlay: boolean): void {
    store(AUTO_PLAY, autoPlay ? 'on' : OFF);
    this.apply({ autoPlay });
  }

  setNames(names: boolean): void {
    store(NAMES, names ? 'on' : OFF);
    this.apply({ names });
  }

  setColumns(without: readonly string[]): void {
    store(WITHOUT, without.join(' '));
    this.apply({ without });
  }

  setOrder(order: string): void {
    store(ORDER, order);
    this.apply({ order });
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
    setAutoPlay(this.current.autoPlay);
    document.documentElement.dataset.theme = this.current.theme;
    this.changed.emit();
  }
}

export const settings = new SettingsStore();
