// The volume in three dimensions over the panes: canvas, mouse and touch, text, cube, and the bar below.

import { X } from 'lucide-react';
import { useEffect, useRef, useState, type JSX } from 'react';
import { facesOf } from '../../core/volume3d/cube';
import type { Camera, ViewName } from '../../core/volume3d/camera';
import { keyLabel, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import type { Volume3dSession, Volume3dState } from '../../viewport/volume3d/session';
import { volumeWritten } from '../../viewport/volume3d/written';
import type { PhaseControl } from '../../viewport/phase-control';
import { settings } from '../settings';
import { PhaseBar } from './phase-bar';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';
import { TransferPanel } from './transfer-panel';
import { VolumeBar } from './volume-bar';
import { VolumeGestures } from './volume-gestures';

/** More device pixels than these are not worth their time. */
const MOST_PIXELS = 2_200_000;

export function VolumePane({ session, phases, run }: { session: Volume3dSession; phases: PhaseControl; run(name: CommandName): void }): JSX.Element {
  const state = useStateOf(session);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [panel, setPanel] = useState(false);
  const { problem } = state;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const size = (): void => {
      const ratio = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / Math.max(1, element.clientWidth * element.clientHeight)));
      element.width = Math.max(1, Math.round(element.clientWidth * ratio));
      element.height = Math.max(1, Math.round(element.clientHeight * ratio));
      session.resized();
    };
    const observer = new ResizeObserver(size);
    const gestures = new VolumeGestures(element, session, (by) => phases.step(by));
    const lost = (event: Event): void => {
      event.preventDefault();
      session.detach(t('The graphics processor went away. 3D goes on as soon as it is back; the images can be read without it: close 3D.'));
    };
    const restored = (): void => session.attach(element);
    element.addEventListener('webglcontextlost', lost);
    element.addEventListener('webglcontextrestored', restored);
    size();
    session.attach(element);
    observer.observe(element);
    return () => {
      observer.disconnect();
      gestures.dispose();
      element.removeEventListener('webglcontextlost', lost);
      element.removeEventListener('webglcontextrestored', restored);
    };
  }, [session, phases]);
  return (
    <section className="volume" aria-label="3D" data-shown={state.shown} data-settled={state.settled} data-loaded={state.loaded} data-drawn={state.drawn} data-cuts={state.cuts} data-total={state.total}>
      <div className="volume-stage">
        <canvas ref={canvas} className="volume-canvas" data-cutting={state.scissors !== undefined} data-testid="volume-canvas" />
        {session.projection ? <Projection canvas={session.projection} /> : null}
        <svg className="volume-outline" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <polygon points={state.outline.map((point) => point.join(',')).join(' ')} />
        </svg>
        <VolumeText session={session} state={state} />
        <Cube camera={state.camera} onLook={(side) => session.lookFrom(side)} />
        <button type="button" className="icon-button volume-close" aria-label={t('Close 3D')} title={`${t('Close 3D')}  ${keyLabel('volume.toggle')}`} onClick={() => run('volume.toggle')}>
          <X size={18} />
        </button>
        {panel && state.mode === 'volume' && state.shown !== 'projection' ? <TransferPanel session={session} state={state} onClose={() => setPanel(false)} /> : null}
        {problem || state.shown === 'nothing' ? (
          <div className="failed" role={problem ? 'alert' : 'status'}>
            {problem ? <strong>{problem}</strong> : <span>{state.total > 0 ? t('Loading {loaded} of {total} slices', { loaded: state.loaded, total: state.total }) : t('Loading')}</span>}
          </div>
        ) : null}
      </div>
      {session.source.phases ? <PhaseBar control={phases} curve={false} run={run} /> : null}
      <VolumeBar session={session} state={state} panel={panel} onPanel={() => setPanel(!panel)} />
    </section>
  );
}

function Projection({ canvas }: { canvas: HTMLCanvasElement }): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => holder.current?.replaceChildren(canvas), [canvas]);
  return <div ref={holder} className="volume-projection" aria-hidden="true" />;
}

function VolumeText({ session, state }: { session: Volume3dSession; state: Volume3dState }): JSX.Element {
  const { names } = useStateOf(settings);
  const { patient, notes, mode, series } = volumeWritten(session, state);
  const said = useSaid();
  return (
    <div className="overlay">
      <div className="corner corner-tl">
        {names ? patient.map((line, index) => <div key={index}>{line}</div>) : null}
      </div>
      <div className="corner corner-bl">
        {notes.length > 0 ? (
          <div className="notes">
            {notes.map((note) => (
              <span key={note}>{note}</span>
            ))}
          </div>
        ) : null}
        <div>{mode}</div>
        <div>{said(series, session.source.instances[0]?.dataSet)}</div>
      </div>
    </div>
  );
}

function Cube({ camera, onLook }: { camera: Camera; onLook(side: ViewName): void }): JSX.Element {
  return (
    <svg className="volume-cube" viewBox="-1.9 -1.9 3.8 3.8" role="img" aria-label={t('Seen from {side}', { side: facesOf(camera).at(-1)?.side ?? '' })}>
      {facesOf(camera).map(({ side, corners, centre, facing }) => (
        <g key={side} data-side={side} onClick={() => onLook(side)}>
          <polygon points={corners.map((corner) => corner.join(',')).join(' ')} />
          {facing > 0.25 ? (
            <text x={centre[0]} y={centre[1]} opacity={Math.min(1, facing * 1.4)}>
              {side}
            </text>
          ) : null}
        </g>
      ))}
    </svg>
  );
}
