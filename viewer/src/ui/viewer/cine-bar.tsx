// Playing a multi-frame image: play, rate.

import { ArrowLeftRight, Minus, Pause, Play, Plus } from 'lucide-react';
import type { JSX } from 'react';
import type { CommandName } from '../../core/commands';
import type { PaneState } from '../../viewport/stack-controller';

export function CineBar({ state, run }: { state: PaneState; run(name: CommandName): void }): JSX.Element | null {
  const { set, playing, rate, timing } = state;
  if (!set || set.pictures.length < 2 || (set.kind !== 'clip' && !playing)) return null;
  const own = timing && timing.source !== 'default' && Math.abs(rate - timing.rate) < 0.05;
  return (
    <div className="cine" role="group" aria-label="Cine">
      <button type="button" className="icon-button" aria-label={playing ? 'Pause' : 'Play'} onClick={() => run('cine.toggle')}>
        {playing ? <Pause size={18} fill="currentColor" strokeWidth={0} /> : <Play size={18} fill="currentColor" strokeWidth={0} />}
      </button>
      <button type="button" className="icon-button" aria-label="Forth and back" title="Forth and back  Shift Space" aria-pressed={timing?.sweep === true} onClick={() => run('cine.sweep')}>
        <ArrowLeftRight size={16} />
      </button>
      <button type="button" className="icon-button" aria-label="Slower" onClick={() => run('cine.slower')}>
        <Minus size={16} />
      </button>
      <span className="cine-rate" title={own ? 'Rate of the file' : 'Rate set here'}>
        {(Math.round(rate * 10) / 10).toString()} <small>fps</small>
      </span>
      <button type="button" className="icon-button" aria-label="Faster" onClick={() => run('cine.faster')}>
        <Plus size={16} />
      </button>
    </div>
  );
}
