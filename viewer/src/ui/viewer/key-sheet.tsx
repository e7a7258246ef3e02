// All commands with their keys, and what the mouse and fingers do.

import type { JSX } from 'react';
import { COMMANDS, keysOf, printedKey, titleOf } from '../../core/commands';
import { t } from '../../core/language';
import { Dialog } from '../parts/dialog';

const GROUPS = [...new Set(COMMANDS.map(({ group }) => group))];
const POINTERS: readonly (readonly [string, string])[] = [
  ['Left drag', 'active tool'],
  ['Middle drag', 'pan'],
  ['Right drag', 'zoom'],
  ['Wheel', 'next or previous image'],
  ['Ctrl + wheel', 'zoom at the pointer'],
  ['Shift + wheel', '10 images'],
  ['Double click', 'full screen'],
  ['One finger', 'active tool'],
  ['Two fingers', 'zoom and pan'],
  ['Three fingers', 'window'],
  ['Long press', 'menu'],
  ['Arrow keys, + and - in 3D', 'turn and zoom the volume'],
];

export function KeySheet({ onClose }: { onClose(): void }): JSX.Element {
  const groups = GROUPS.map((group) => [group, COMMANDS.filter((command) => command.group === group && keysOf(command.name).length > 0)] as const).filter(([, commands]) => commands.length > 0);
  return (
    <Dialog title={t('Keys and gestures')} onClose={onClose}>
      <div className="key-sheet" tabIndex={0} role="group" aria-label={t('Keys')}>
        {groups.map(([group, commands]) => (
          <section key={group}>
            <h3>{t(group)}</h3>
            {commands.map(({ name }) => (
              <div key={name} className="key-row">
                <span>{titleOf(name)}</span>
                <span>
                  {keysOf(name).map((key) => (
                    <kbd key={key}>{printedKey(key)}</kbd>
                  ))}
                </span>
              </div>
            ))}
          </section>
        ))}
        <section>
          <h3>{t('Mouse and touch')}</h3>
          {POINTERS.map(([input, meaning]) => (
            <div key={input} className="key-row">
              <span>{t(input)}</span>
              <span className="muted">{t(meaning)}</span>
            </div>
          ))}
        </section>
      </div>
    </Dialog>
  );
}
