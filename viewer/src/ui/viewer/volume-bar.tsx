// Below a volume in three dimensions: preset, MIP, what moves the preset, clipping.

import { Scissors, Spline } from 'lucide-react';
import { useState, type JSX } from 'react';
import type { Vector } from '../../core/geometry';
import { keyLabel } from '../../core/commands';
import { t } from '../../core/language';
import { VIEW_NAMES } from '../../core/volume3d/camera';
import { MOST_CUTS } from '../../core/volume3d/scissors';
import type { Volume3dSession, Volume3dState } from '../../viewport/volume3d/session';

const SIDES = ['columns', 'rows', 'slices'] as const;
/** What is kept is never thinner than this part of the volume. */
const THINNEST = 0.02;

interface Props {
  session: Volume3dSession;
  state: Volume3dState;
  /** Whether the panel with the transfer function is open. */
  panel: boolean;
  onPanel(): void;
}

export function VolumeBar({ session, state, panel, onPanel }: Props): JSX.Element {
  const [clipping, setClipping] = useState(false);
  const { low, high } = state.range;
  const span = high - low;
  const projected = state.shown === 'projection';
  const maximum = state.mode === 'mip' || projected;
  return (
    <div className="mpr-bar volume-bar" role="group" aria-label="3D">
      <select
        aria-label={t('Preset')}
        disabled={projected}
        value={maximum ? 'mip' : state.preset.id}
        onChange={({ currentTarget: { value } }) => {
          const preset = state.presets.find(({ id }) => id === value);
          session.choose(preset ? { preset } : { mode: 'mip' });
        }}
      >
        {state.presets.map(({ id, label }) => (
          <option key={id} value={id}>
            {t(label)}
          </option>
        ))}
        <option value="mip">{t('Maximum intensity (MIP)')}</option>
      </select>
      {maximum && session.windowed ? (
        <>
          <Slider label={t('Level')} min={low} max={high} step={span / 500} value={state.window.center} onChange={(center) => session.choose({ window: { ...state.window, center } })} />
          <Slider label={t('Width')} min={span / 200} max={span} step={span / 500} value={state.window.width} onChange={(width) => session.choose({ window: { ...state.window, width } })} />
        </>
      ) : null}
      {maximum ? null : (
        <>
          <Slider label={t('Threshold')} min={-span / 8} max={span / 8} step={span / 800} value={state.shift} onChange={(shift) => session.choose({ shift })} />
          <Slider label={t('Opacity')} min={-1} max={1} step={0.02} value={Math.log10(state.opacity)} onChange={(power) => session.choose({ opacity: 10 ** power })} />
          <button type="button" className="button" aria-pressed={state.shaded} onClick={() => session.choose({ shaded: !state.shaded })}>
            {t('Light')}
          </button>
          <button type="button" className="button" aria-label={t('Transfer function')} title={t('Transfer function')} aria-pressed={panel} aria-expanded={panel} onClick={onPanel}>
            <Spline size={15} aria-hidden="true" />
          </button>
        </>
      )}
      <button type="button" className="button" aria-pressed={clipping} aria-expanded={clipping} onClick={() => setClipping(!clipping)}>
        {t('Clip')}
      </button>
      <button type="button" className="button" aria-label={t('Scissors')} title={t('Scissors')} aria-pressed={state.scissors !== undefined} aria-expanded={state.scissors !== undefined} onClick={() => session.setScissors(state.scissors ? undefined : 'remove')}>
        <Scissors size={15} aria-hidden="true" />
      </button>
      <div className="mpr-modes" role="group" aria-label={t('Look from')}>
        {VIEW_NAMES.map((side) => (
          <button key={side} type="button" title={t('From {side}', { side })} onClick={() => session.lookFrom(side)}>
            {side}
          </button>
        ))}
      </div>
      <button type="button" className="button" aria-label={t('Reset 3D')} onClick={() => session.reset()}>
        {t('Reset')}
      </button>
      {state.scissors ? <Cutting session={session} state={state} /> : null}
      {clipping ? <Clipping session={session} state={state} /> : null}
    </div>
  );
}

function Cutting({ session, state }: { session: Volume3dSession; state: Volume3dState }): JSX.Element {
  const choice = (scissors: 'remove' | 'keep', label: string): JSX.Element => (
    <button type="button" className="button" aria-pressed={state.scissors === scissors} onClick={() => session.setScissors(scissors)}>
      {label}
    </button>
  );
  return (
    <div className="volume-cutting" role="group" aria-label={t('Scissors')}>
      {choice('remove', t('Remove inside'))}
      {choice('keep', t('Keep inside'))}
      <button type="button" className="button" title={`${t('Undo the cut')}  ${keyLabel('measure.undo')}`} disabled={state.cuts === 0} onClick={() => session.undoCut()}>
        {t('Undo the cut')}
      </button>
      <button type="button" className="button" disabled={state.cuts === 0} onClick={() => session.forgetCuts()}>
        {t('Undo all cuts')}
      </button>
      <span className="muted">{state.cuts < MOST_CUTS ? t('Draw around a part of the picture') : t('No more than {n} cuts', { n: MOST_CUTS })}</span>
    </div>
  );
}

function Clipping({ session, state: { clip, plane, cuts } }: { session: Volume3dSession; state: Volume3dState }): JSX.Element {
  const set = (end: 0 | 1, axis: number, value: number): void => {
    const [low, high] = clip.map((corner) => [...corner]) as [number[], number[]];
    if (end === 0) low[axis] = Math.min(value, (high[axis] as number) - THINNEST);
    else high[axis] = Math.max(value, (low[axis] as number) + THINNEST);
    session.choose({ clip: [low, high] as unknown as readonly [Vector, Vector] });
  };
  return (
    <div className="volume-clip" role="group" aria-label={t('Clip')}>
      {SIDES.map((name, axis) => (
        <div key={name} className="volume-clip-row">
          <span>{t(name)}</span>
          {([0, 1] as const).map((end) => (
            <input key={end} type="range" min="0" max="1" step="0.005" value={clip[end][axis]} aria-label={t(end === 0 ? 'First of the {side}' : 'Last of the {side}', { side: t(name) })} onChange={(event) => set(end, axis, Number(event.currentTarget.value))} />
          ))}
        </div>
      ))}
      <div className="volume-clip-row">
        <span>{t('Plane')}</span>
        <input type="range" min="0" max="1" step="0.005" value={plane} disabled={plane === 0 && cuts >= MOST_CUTS} title={t('Cuts away what is nearer than a plane across the line of sight')} aria-label={t('Depth of the plane')} onChange={(event) => session.layPlane(Number(event.currentTarget.value))} />
        <button type="button" className="button" disabled={plane === 0} onClick={() => session.holdPlane()}>
          {t('Hold it')}
        </button>
      </div>
    </div>
  );
}

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onChange(value: number): void;
}

function Slider({ label, min, max, step, value, onChange }: SliderProps): JSX.Element {
  return (
    <label className="mpr-slab">
      {label}
      <input type="range" min={min} max={max} step={step} value={value} aria-label={label} onChange={(event) => onChange(Number(event.currentTarget.value))} />
    </label>
  );
}
