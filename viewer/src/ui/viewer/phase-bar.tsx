// Below the panes of a series with phases: which one is shown, a slider through them, playing, and the curve of a region.

import { LineChart, Minus, Pause, Play, Plus } from 'lucide-react';
import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { phaseText, timingOfPhases } from '../../core/phases';
import type { PhaseControl } from '../../viewport/phase-control';
import { useStateOf } from './use-signal';

/** `curve`: a region can be followed through time, as on pictures. */
export function PhaseBar({ control, curve = true, run }: { control: PhaseControl; curve?: boolean; run(name: CommandName): void }): JSX.Element | null {
  const { playing } = useStateOf(control);
  const { shown } = control;
  if (!shown) return null;
  const { phases, phase } = shown;
  const own = timingOfPhases(phases);
  const rate = control.rateOf(phases);
  const real = own.source !== 'default' && Math.abs(rate - own.rate) < 0.05;
  const count = phases.sets.length;
  return (
    <div className="phase-bar" role="group" aria-label={t(phases.title)} data-testid="phase-bar" data-phase={phase}>
      <button type="button" className="icon-button" aria-label={playing ? t('Pause') : t('Play')} title={`${titleOf('cine.toggle')}  ${keyLabel('cine.toggle')}`} onClick={() => run('cine.toggle')}>
        {playing ? <Pause size={16} fill="currentColor" strokeWidth={0} /> : <Play size={16} fill="currentColor" strokeWidth={0} />}
      </button>
      <input
        type="range"
        min="0"
        max={count - 1}
        step="1"
        value={phase}
        aria-label={t(phases.title)}
        aria-valuetext={phaseText(phases, phase)}
        title={t('Previous {previous}, next {next}, or Shift and wheel', { previous: keyLabel('phase.previous'), next: keyLabel('phase.next') })}
        onChange={(event) => {
          control.pause();
          control.goTo(Number(event.currentTarget.value));
        }}
      />
      <output>{phaseText(phases, phase)}</output>
      <button type="button" className="icon-button" aria-label={t('Slower')} onClick={() => run('cine.slower')}>
        <Minus size={14} />
      </button>
      <span className="cine-rate" title={real ? t('As fast as it was taken') : phases.times ? t('Rate set here; times by {clock}', { clock: t(phases.clock) }) : t('Rate set here; the file has no times')}>
        {formatValue(Math.round(rate * 10) / 10)} <small>/s</small>
      </span>
      <button type="button" className="icon-button" aria-label={t('Faster')} onClick={() => run('cine.faster')}>
        <Plus size={14} />
      </button>
      {curve ? (
        <button type="button" className="button" title={`${titleOf('time.curve')}  ${keyLabel('time.curve')}`} onClick={() => run('time.curve')}>
          <LineChart size={14} aria-hidden="true" /> {t('Curve')}
        </button>
      ) : null}
    </div>
  );
}
