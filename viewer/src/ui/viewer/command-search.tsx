// Ctrl+K: all commands by their words, with their keys; arrows and Enter.

import { useState, type JSX, type KeyboardEvent } from 'react';
import { COMMANDS, keyLabel, titleOf, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import { Dialog } from '../parts/dialog';

/** Commands whose title, group or name has every word. */
export function found(query: string): CommandName[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return COMMANDS.filter(({ name, group }) => words.every((word) => `${titleOf(name)} ${t(group)} ${name}`.toLowerCase().includes(word))).map(({ name }) => name);
}

export function CommandSearch({ run, onClose }: { run(name: CommandName): void; onClose(): void }): JSX.Element {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const names = found(query);
  const choose = (name: CommandName | undefined): void => {
    onClose();
    if (name) run(name);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') choose(names[at]);
    else if (step) setAt(Math.min(names.length - 1, Math.max(0, at + step)));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t('Commands')} onClose={onClose}>
      <div className="command-search" onKeyDown={onKey}>
        <input
          type="search"
          data-first-focus
          placeholder={t('Search commands')}
          aria-label={t('Search commands')}
          role="combobox"
          aria-expanded="true"
          aria-controls="command-list"
          aria-activedescendant={names[at] ? `command-${names[at]}` : undefined}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
        />
        <div id="command-list" className="command-list" role="listbox" aria-label={t('Commands')}>
          {names.map((name, index) => (
            <Row key={name} name={name} selected={index === at} onChoose={choose} />
          ))}
          {names.length === 0 ? <div className="tag-none">{t('No command has these words')}</div> : null}
        </div>
      </div>
    </Dialog>
  );
}

function Row({ name, selected, onChoose }: { name: CommandName; selected: boolean; onChoose(name: CommandName): void }): JSX.Element {
  return (
    <button
      type="button"
      id={`command-${name}`}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      ref={(element) => {
        if (selected) element?.scrollIntoView({ block: 'nearest' });
      }}
      onClick={() => onChoose(name)}
    >
      <span>{titleOf(name)}</span>
      <kbd hidden={!keyLabel(name)}>{keyLabel(name)}</kbd>
    </button>
  );
}
