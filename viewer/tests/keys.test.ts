import { expect, test } from 'vitest';
import { COMMANDS } from '../src/core/commands';
import { DEFAULT_KEYS, keymapOf, PROFILES, readKeys, withKey, withoutChange } from '../src/core/keys';

test.each(PROFILES.map(({ id }) => id))('in the profile %s no key has two commands, and every command is reached', (profile) => {
  const { byKey, keysOf } = keymapOf({ profile, changed: {} });
  const all = COMMANDS.flatMap(({ name }) => keysOf(name).map((key) => [key, name]));
  expect(new Set(all.map(([key]) => key)).size).toBe(all.length);
  for (const [key, name] of all) expect(byKey.get(key as string)).toBe(name);
});

test('OHIF keys are those of OHIF', () => {
  const { byKey } = keymapOf({ profile: 'ohif', changed: {} });
  expect(['i', 'Space', ',', '.', 'PageDown', 'c', 'l'].map((key) => byKey.get(key))).toEqual(['window.invert', 'view.reset', 'hang.previous', 'hang.next', 'series.next', 'cine.toggle', 'view.rotateLeft']);
});

test('a key that is given to a command is taken from the other', () => {
  const choice = withKey(DEFAULT_KEYS, 'view.fit', 'w');
  const { byKey, keysOf } = keymapOf(choice);
  expect(byKey.get('w')).toBe('view.fit');
  expect(keysOf('tool.window')).toEqual([]);
  expect(byKey.get('=')).toBeUndefined();
  const again = withKey(choice, 'tool.pan', 'w');
  expect(keymapOf(again).byKey.get('w')).toBe('tool.pan');
  expect(keymapOf(again).keysOf('view.fit')).toEqual([]);
  expect(keymapOf(withoutChange(withoutChange(again, 'tool.pan'), 'view.fit')).byKey.get('w')).toBe('tool.window');
  expect(keymapOf(withKey(DEFAULT_KEYS, 'view.fit', '')).keysOf('view.fit')).toEqual([]);
});

test('what is kept is read again, nonsense is not', () => {
  const choice = withKey({ profile: 'weasis', changed: {} }, 'view.fit', 'Ctrl+g');
  expect(readKeys(JSON.stringify(choice))).toEqual(choice);
  expect(readKeys('{"profile":"x","changed":{"no.such":["a"],"view.fit":"a","view.in":[1]}}')).toEqual(DEFAULT_KEYS);
  expect([readKeys('{'), readKeys(null), readKeys('[]')]).toEqual([DEFAULT_KEYS, DEFAULT_KEYS, DEFAULT_KEYS]);
});
