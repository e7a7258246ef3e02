// Playing a multi-frame image: play, rate; subtracting a mask from its frames.

import { ArrowLeftRight, Contrast, Minus, Move, Pause, Play, Plus, RotateCcw, Stamp } from 'lucide-react';
import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import type { Tool } from '../../core/gesture';
import { t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { reasonAgainstSubtraction } from '../../core/subtraction';
import type { PaneState } from '../../viewport/stack-controller';

export function CineBar({ state, tool, run }: { state: PaneState; tool: Tool; run(name: CommandName): void }): JSX.Element | null {
  const { set, playing, rate, timing } = state;
  if (!set || set.pictures.length < 2 || (set.kind !== 'clip' && !playing)) return null;
  const own = timing && timing.source !== 'default' && Math.abs(rate - timing.rate) < 0.05;
  return (
    <div className="cine" role="group" aria-label={t('Cine')}>
      <button type="button" className="icon-button" aria-label={playing ? t('Pause') : t('Play')} onClick={() => run('cine.toggle')}>
        {playing ? <Pause size={18} fill="currentColor" strokeWidth={0} /> : <Play size={18} fill="currentColor" strokeWidth={0} />}
      </button>
      <button type="button" className="icon-button" aria-label={t('Forth and back')} title={`${titleOf('cine.sweep')}  ${keyLabel('cine.sweep')}`} aria-pressed={timing?.sweep === true} onClick={() => run('cine.sweep')}>
        <ArrowLeftRight size={16} />
      </button>
      <button type="button" className="icon-button" aria-label={t('Slower')} onClick={() => run('cine.slower')}>
        <Minus size={16} />
      </button>
      <span className="cine-rate" title={own ? t('Rate of the file') : t('Rate set here')}>
        {formatValue(Math.round(rate * 10) / 10)} <small>{t('fps')}</small>
      </span>
      <button type="button" className="icon-button" aria-label={t('Faster')} onClick={() => run('cine.faster')}>
        <Plus size={16} />
      </button>
      {reasonAgainstSubtraction(set) === '' ? <Subtracting on={set.subtraction !== undefined} tool={tool} run={run} /> : null}
    </div>
  );
}

const WHILE_ON = [
  { name: 'dsa.mask', Icon: Stamp },
  { name: 'dsa.shift', Icon: Move },
  { name: 'dsa.reset', Icon: RotateCcw },
] as const satisfies readonly { name: CommandName; Icon: typeof Move }[];

function Subtracting({ on, tool, run }: { on: boolean; tool: Tool; run(name: CommandName): void }): JSX.Element {
  const named = (name: CommandName): { 'aria-label': string; title: string; onClick(): void } => ({ 'aria-label': titleOf(name), title: `${titleOf(name)}  ${keyLabel(name)}`, onClick: () => run(name) });
  return (
    <>
      <button type="button" className="icon-button" {...named('dsa.toggle')} aria-pressed={on}>
        <Contrast size={16} />
      </button>
      {on
        ? WHILE_ON.map(({ name, Icon }) => (
            <button key={name} type="button" className="icon-button" {...named(name)} {...(name === 'dsa.shift' ? { 'aria-pressed': tool === 'shift' } : {})}>
              <Icon size={16} />
            </button>
          ))
        : null}
    </>
  );
}
