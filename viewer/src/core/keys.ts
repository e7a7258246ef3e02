// Which key runs which command: three profiles, and what a user has changed. Pure.

import { COMMANDS, type CommandName } from './commands';

export type ProfileId = 'isocenter' | 'ohif' | 'weasis';
type Keys = Partial<Record<CommandName, readonly string[]>>;

interface Profile {
  id: ProfileId;
  label: string;
  /** What differs from the table of commands; these keys are taken from whatever has them there. */
  keys: Keys;
}

export const PROFILES: readonly Profile[] = [
  { id: 'isocenter', label: 'Isocenter', keys: {} },
  {
    id: 'ohif',
    label: 'OHIF',
    keys: {
      'window.invert': ['i'], 'view.rotateRight': ['r'], 'view.rotateLeft': ['l'], 'cine.toggle': ['c'], 'view.reset': ['Space', 'Escape'],
      'layout.next': ['ArrowRight', 'Tab'], 'layout.previous': ['ArrowLeft', 'Shift+Tab'], 'series.next': ['PageDown'], 'series.previous': ['PageUp'],
      'hang.next': ['.'], 'hang.previous': [','], 'cine.slower': ['<'], 'cine.faster': ['>'], 'image.forward': ['Shift+ArrowDown'], 'image.back': ['Shift+ArrowUp'],
      'window.preset1': ['1'], 'window.preset2': ['2'], 'window.preset3': ['3'], 'window.preset4': ['4'], 'window.full': [], 'panel.text': ['Shift+i'],
    },
  },
  {
    id: 'weasis',
    label: 'Weasis',
    keys: {
      'tool.crosshair': ['h'], 'cine.toggle': ['c'], 'panel.text': ['Space', 'i'], 'view.rotateRight': ['r'], 'view.fit': ['Ctrl+Enter', '='],
      'view.flipHorizontal': ['Shift+h'], 'measure.length': ['d'], 'measure.list': ['m'], 'mpr.toggle': ['Shift+m'], 'measure.hide': [], 'export.print': ['p', 'Ctrl+p'], 'measure.probe': [],
    },
  },
]; // prettier-ignore

export interface KeyChoice {
  profile: ProfileId;
  /** Commands whose keys the user has set. */
  changed: Keys;
}

export const DEFAULT_KEYS: KeyChoice = { profile: 'isocenter', changed: {} };

export interface Keymap {
  byKey: ReadonlyMap<string, CommandName>;
  keysOf(name: CommandName): readonly string[];
}

/** Lays keys over others: a key that is given anew is taken from what had it. */
function laid(under: ReadonlyMap<CommandName, readonly string[]>, over: Keys): Map<CommandName, readonly string[]> {
  const taken = new Set(Object.values(over).flat());
  const out = new Map<CommandName, readonly string[]>([...under].map(([name, keys]) => [name, keys.filter((key) => !taken.has(key))]));
  for (const [name, keys] of Object.entries(over)) out.set(name as CommandName, keys);
  return out;
}

export function keymapOf({ profile, changed }: KeyChoice): Keymap {
  const table = new Map<CommandName, readonly string[]>(COMMANDS.map(({ name, keys }) => [name, keys]));
  const all = laid(laid(table, PROFILES.find(({ id }) => id === profile)?.keys ?? {}), changed);
  return { byKey: new Map([...all].flatMap(([name, keys]) => keys.map((key) => [key, name] as const))), keysOf: (name) => all.get(name) ?? [] };
}

const isKeys = (value: unknown): value is string[] => Array.isArray(value) && value.every((key) => typeof key === 'string' && key.length > 0 && key.length <= 32);

/** Reads a choice from JSON that anybody may have written; what makes no sense is left out. */
export function readKeys(json: string | null): KeyChoice {
  let found: Partial<KeyChoice> | null = null;
  try {
    found = JSON.parse(json ?? 'null') as Partial<KeyChoice> | null;
  } catch {
    return DEFAULT_KEYS;
  }
  const profile = PROFILES.find(({ id }) => id === found?.profile)?.id ?? DEFAULT_KEYS.profile;
  const names = new Set<string>(COMMANDS.map(({ name }) => name));
  const entries = Object.entries(found?.changed ?? {}).filter(([name, keys]) => names.has(name) && isKeys(keys));
  return { profile, changed: Object.fromEntries(entries) };
}

/** The choice with a key given to a command; without a key it has none. */
export function withKey(choice: KeyChoice, name: CommandName, key: string): KeyChoice {
  const others = Object.entries(choice.changed).map(([other, keys]) => [other, keys.filter((one) => one !== key)] as const);
  return { ...choice, changed: { ...Object.fromEntries(others), [name]: key ? [key] : [] } };
}

export function withoutChange(choice: KeyChoice, name: CommandName): KeyChoice {
  return { ...choice, changed: Object.fromEntries(Object.entries(choice.changed).filter(([other]) => other !== name)) };
}
