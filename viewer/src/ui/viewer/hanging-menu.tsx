// Hanging protocols in the layout menu: which there are for this study, their stages, and keeping one's own.

import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import type { Protocol } from '../../core/hanging/protocol';
import { t } from '../../core/language';
import type { Hanging } from '../../viewport/hanging/session';
import { useStateOf } from './use-signal';

interface Props {
  hanging: Hanging;
  run(name: CommandName): void;
  /** Shows a stage of a protocol. */
  onChoose(id: string, stage: number): void;
  close(): void;
}

export function HangingMenu({ hanging, run, onChoose, close }: Props): JSX.Element | null {
  const { offered, protocol, stage } = useStateOf(hanging);
  const stagesOf = (one: Protocol): number[] => one.stages.map((_, index) => index).filter((index) => hanging.isOffered(one, index));
  const entries = offered.flatMap((one) => stagesOf(one).map((index) => ({ one, index })));
  if (entries.length === 0) return null;
  const command = (name: CommandName): JSX.Element => (
    <button
      key={name}
      type="button"
      role="menuitem"
      data-command={name}
      onClick={() => {
        close();
        run(name);
      }}
    >
      <span>{titleOf(name)}</span>
      <span className="menu-key">{keyLabel(name)}</span>
    </button>
  );
  return (
    <>
      <div className="menu-group hanging-menu" role="menu" aria-label={t('Hanging protocols')}>
        {entries.map(({ one, index }) => (
          <button
            key={`${one.id}/${index}`}
            type="button"
            role="menuitemradio"
            aria-checked={protocol?.id === one.id && stage === index}
            data-stage={`${one.id}/${index}`}
            onClick={() => {
              close();
              onChoose(one.id, index);
            }}
          >
            <span>{[one.name, one.stages[index]?.name ?? ''].filter(Boolean).map((name) => t(name)).join(': ')}</span>
          </button>
        ))}
      </div>
      <div className="menu-group" role="menu">
        {command('hang.next')}
        {command('hang.previous')}
        {command('hang.save')}
        {offered.some(({ saved }) => saved) ? command('hang.reset') : null}
      </div>
    </>
  );
}
