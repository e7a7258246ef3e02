// What a user sets for this browser: language, theme, mouse, what plays by itself, and the keys of the commands.

import { useState, type JSX, type KeyboardEvent } from 'react';
import { COMMANDS, keyName, keysOf, printedKey, titleOf, type CommandName } from '../../core/commands';
import { LANGUAGES, t } from '../../core/language';
import { firstTool, type PointerChoice } from '../../core/gesture';
import { PROFILES, readKeys, withKey, withoutChange, type ProfileId } from '../../core/keys';
import { Dialog } from '../parts/dialog';
import { download } from '../parts/download';
import { settings, THEMES, type Theme } from '../settings';
import { useStateOf } from './use-signal';

const THEME_NAMES: Readonly<Record<Theme, string>> = { automatic: 'As the system', standard: 'Standard', contrast: 'High contrast' };
const MICE: Readonly<Record<PointerChoice['mouse'], string>> = { isocenter: 'Isocenter: left the tool, middle pans', radiant: 'RadiAnt: left scrolls, middle windows' };
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph']);

interface Props {
  run(name: CommandName): void;
  onClose(): void;
}

export function SettingsDialog({ run, onClose }: Props): JSX.Element {
  const { keys, theme, language, pointer, autoPlay } = useStateOf(settings);
  const chooseMouse = (mouse: PointerChoice['mouse']): void => {
    settings.setPointer({ ...pointer, mouse });
    run(`tool.${firstTool({ ...pointer, mouse }, false) === 'scroll' ? 'scroll' : 'window'}`);
  };
  const [asked, setAsked] = useState<CommandName>();
  return (
    <Dialog title={t('Settings')} onClose={onClose}>
      <div className="settings">
        <Choice label={t('Language')} value={language} options={LANGUAGES} onChange={(value) => void settings.setLanguage(value)} />
        <Choice label={t('Theme')} value={theme} options={THEMES.map((one) => [one, t(THEME_NAMES[one])] as const)} onChange={(value) => settings.setTheme(value)} />
        <Choice label={t('Mouse')} value={pointer.mouse} options={(Object.keys(MICE) as PointerChoice['mouse'][]).map((one) => [one, t(MICE[one])] as const)} onChange={chooseMouse} />
        <Switch label={t('The wheel scrolls the other way')} on={pointer.wheelInverted} onChange={(wheelInverted) => settings.setPointer({ ...pointer, wheelInverted })} />
        <Switch label={t('Dragging up darkens')} on={pointer.levelInverted} onChange={(levelInverted) => settings.setPointer({ ...pointer, levelInverted })} />
        <Switch label={t('Clips play by themselves')} on={autoPlay} onChange={(on) => settings.setAutoPlay(on)} />
        <Choice label={t('Keys')} value={keys.profile} options={PROFILES.map(({ id, label }) => [id, label] as const)} onChange={(profile: ProfileId) => settings.setKeys({ profile, changed: keys.changed })} />
        <div className="settings-actions">
          <button type="button" className="button" onClick={() => download('isocenter-keys.json', 'application/json', JSON.stringify(keys, undefined, 2))}>
            {t('Save keys as JSON')}
          </button>
          <label className="button">
            {t('Read keys from JSON…')}
            <input type="file" accept="application/json,.json" className="visually-hidden" onChange={(event) => void event.target.files?.[0]?.text().then((json) => settings.setKeys(readKeys(json)))} />
          </label>
          <button type="button" className="button" disabled={Object.keys(keys.changed).length === 0} onClick={() => settings.setKeys({ ...keys, changed: {} })}>
            {t('Undo all changes of keys')}
          </button>
        </div>
        <div className="settings-keys" role="list">
          {COMMANDS.map(({ name }) => (
            <KeyRow key={name} name={name} asked={asked === name} changed={name in keys.changed} onAsk={setAsked} />
          ))}
        </div>
      </div>
    </Dialog>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [value: T, label: string])[];
  onChange(value: T): void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  return (
    <label className="settings-choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  onChange(on: boolean): void;
}

function Switch({ label, on, onChange }: SwitchProps): JSX.Element {
  return (
    <label className="settings-choice">
      <span>{label}</span>
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
    </label>
  );
}

interface KeyRowProps {
  name: CommandName;
  /** The next key press is the command's. */
  asked: boolean;
  changed: boolean;
  onAsk(name: CommandName | undefined): void;
}

function KeyRow({ name, asked, changed, onAsk }: KeyRowProps): JSX.Element {
  const { keys } = useStateOf(settings);
  const onKey = (event: KeyboardEvent): void => {
    if (!asked || MODIFIERS.has(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== 'Escape' && !event.altKey) settings.setKeys(withKey(keys, name, event.key === 'Delete' || event.key === 'Backspace' ? '' : keyName(event)));
    onAsk(undefined);
  };
  const label = keysOf(name).map(printedKey).join(', ') || t('None');
  return (
    <div className="key-row" role="listitem" data-command={name}>
      <span>{titleOf(name)}</span>
      <span>
        {changed ? (
          <button type="button" className="link" onClick={() => settings.setKeys(withoutChange(keys, name))}>
            {t('Undo')}
          </button>
        ) : null}
        <button type="button" className="key-button" aria-label={`${t('Key of: {name}', { name: titleOf(name) })}, ${label}`} title={t('Press to set another key; Delete for none')} aria-pressed={asked} onKeyDown={onKey} onBlur={() => asked && onAsk(undefined)} onClick={() => onAsk(asked ? undefined : name)}>
          {asked ? t('Press a key') : label}
        </button>
      </span>
    </div>
  );
}
