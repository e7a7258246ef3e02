// A whole-slide image in a pane: the slide, its map, scale bar and magnification, optical path and focal plane.

import { Expand, Palette, RotateCcw, RotateCw, Tags, ZoomIn, ZoomOut, type LucideIcon } from 'lucide-react';
import { useEffect, useMemo, useRef, type JSX, type KeyboardEvent, type PointerEvent } from 'react';
import { isMeasure, isPaint, type Tool } from '../../core/gesture';
import { t } from '../../core/language';
import { magnification, slideBar } from '../../core/slide/view';
import type { Slide } from '../../core/slide/pyramid';
import { isLossy, type DisplaySet } from '../../core/stack';
import { middle } from '../../viewport/measure/lay-out';
import type { MeasureSession } from '../../viewport/measure/session';
import { SlideSession, type SlideState } from '../../viewport/slide/session';
import { TileStore } from '../../viewport/slide/tile-store';
import { useServices } from '../services';
import { MeasureLayer } from './measure-layer';
import { MeasureText } from './measure-text';
import { Scale } from './overlay';
import { slideGestures, type SlideHost } from './slide-gestures';
import { exposeSlide } from './test-seam';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';
import './slide-view.css';

const [STEP, PART] = [1.5, 0.2];
/** What needs values of single pixels, a volume, or an image without a scale. */
const NOT_HERE: readonly Tool[] = ['probe', 'isocontour', 'ellipsoid', 'calibration'];

interface Props {
  engine: ViewerEngine;
  set: DisplaySet;
  tool: Tool;
  onActivate(): void;
  onTags(): void;
}

export function SlideView({ engine, set, tool, onActivate, onTags }: Props): JSX.Element {
  const { client, queue } = useServices();
  const [surface, canvas, map] = [useRef<HTMLDivElement>(null), useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const session = useMemo(() => new SlideSession(set, new TileStore(set.StudyInstanceUID, set.SeriesInstanceUID, client, queue, engine.pool)), [set, client, queue, engine]);
  const state = useStateOf(session);
  const measure = useStateOf(engine.measure);
  const latest = useRef(tool);
  useEffect(() => {
    latest.current = tool;
  });
  useEffect(() => {
    const element = surface.current;
    if (!element || !canvas.current) return undefined;
    session.attach(canvas.current, map.current ?? undefined);
    const observer = new ResizeObserver(() => session.resized({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    const ends = [() => observer.disconnect(), slideGestures(element, session, measuring(engine, session, () => latest.current)), exposeSlide(session), () => session.dispose()];
    return () => ends.forEach((end) => end());
  }, [engine, session, surface, canvas, map]);
  return (
    <div className="slide" data-testid="document" data-level={state.level} data-waiting={state.waiting} onPointerDown={onActivate}>
      <div className="slide-surface" ref={surface} role="application" aria-label={t('Slide. Arrow keys pan, plus and minus zoom, 0 fits, R turns')} tabIndex={0} onKeyDown={(event) => pressed(event, session)}>
        <canvas ref={canvas} />
        {measure && state.view.scale > 0 ? <Measures measure={measure} session={session} /> : null}
      </div>
      {measure && state.view.scale > 0 ? <MeasureText session={measure} pane={session.measured.state()} /> : null}
      <Written slide={session.slide} state={state} set={set} refused={refusal(tool)} />
      <SlideMap session={session} map={map} />
      <Controls session={session} state={state} onTags={onTags} />
      {state.failure ? (
        <div className="slide-failed" role="alert">
          {t('Some tiles cannot be shown: {reason}', { reason: state.failure })}
          <button type="button" className="button" onClick={() => session.retry()}>
            {t('Try again')}
          </button>
        </div>
      ) : null}
    </div>
  );
}

/** What pointers do with measuring tools. */
function measuring({ measure }: ViewerEngine, { measured }: SlideSession, tool: () => Tool): SlideHost {
  return {
    grab: (at, reach) => measure.state()?.grab(measured, at, NOT_HERE.includes(tool()) ? 'pan' : tool(), reach),
    hover: (at) => measure.state()?.hover(measured, at),
    twice: (at) => measure.state()?.writeAt(measured, at) === true || isMeasure(tool()),
  };
}

/** The measurements; one that is chosen elsewhere is brought into sight. */
function Measures({ measure, session }: { measure: MeasureSession; session: SlideSession }): JSX.Element {
  const { selected } = useStateOf(measure);
  useEffect(() => {
    const item = measure.state().items.find(({ id, pictureId }) => id === selected && pictureId === session.measured.picture?.id);
    if (item) session.lookAt(middle(item.points));
  }, [measure, session, selected]);
  return <MeasureLayer session={measure} pane={session.measured.state()} />;
}

const KEYS: Readonly<Record<string, (session: SlideSession) => void>> = {
  '+': (session) => session.zoom(STEP),
  '=': (session) => session.zoom(STEP),
  '-': (session) => session.zoom(1 / STEP),
  '0': (session) => session.fit(),
  r: (session) => session.turn(90),
  R: (session) => session.turn(-90),
  ArrowLeft: (session) => session.pan(session.state().pane.width * PART, 0),
  ArrowRight: (session) => session.pan(-session.state().pane.width * PART, 0),
  ArrowUp: (session) => session.pan(0, session.state().pane.height * PART),
  ArrowDown: (session) => session.pan(0, -session.state().pane.height * PART),
};

function pressed(event: KeyboardEvent, session: SlideSession): void {
  const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
  if (!act) return;
  act(session);
  event.preventDefault();
  event.stopPropagation();
}

/** Why a tool does nothing here. */
function refusal(tool: Tool): string {
  if (NOT_HERE.includes(tool)) return t('This tool does not work on slides. Lengths, angles, regions and arrows do.');
  return isPaint(tool) ? t('Segments cannot be painted on slides.') : '';
}

function Written({ slide, state, set, refused }: { slide: Slide; state: SlideState; set: DisplaySet; refused: string }): JSX.Element {
  const level = slide.levels[state.level];
  const bar = slide.spacing && slideBar(state.view.scale / slide.spacing.x, 180);
  const lines = [
    magnification(slide, state.view.scale),
    level ? t('Level {level} of {n} · {columns} × {rows}', { level: state.level + 1, n: slide.levels.length, columns: level.columns, rows: level.rows }) : '',
    isLossy(set.instances[0]?.dataSet ?? {}) ? t('Lossy') : '',
    state.view.turn === 0 ? '' : t('Turned {degrees}°', { degrees: Math.round(state.view.turn) }),
    state.tooMany ? t('Zoom in: there is no coarser level for all of this') : '',
    ...slide.warnings,
  ];
  return (
    <>
      <div className="slide-text" data-testid="slide-text">
        {lines.filter(Boolean).map((line) => (
          <div key={line}>{line}</div>
        ))}
        {refused ? <div role="status" className="slide-refused">{refused}</div> : null}
      </div>
      {bar ? (
        <div className="slide-scale" title={t('Length by {source}', { source: slide.spacing?.provenance ?? '' })}>
          <Scale bar={{ ...bar, provenance: '' }} />
        </div>
      ) : null}
    </>
  );
}

function SlideMap({ session, map }: { session: SlideSession; map: React.RefObject<HTMLCanvasElement | null> }): JSX.Element {
  const go = (event: PointerEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    session.goTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  return (
    <canvas
      ref={map}
      className="slide-map"
      role="img"
      aria-label={t('The whole slide, with what is on screen')}
      style={session.mapSize}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && go(event)}
    />
  );
}

function Controls({ session, state, onTags }: { session: SlideSession; state: SlideState; onTags(): void }): JSX.Element {
  const { paths, planes, hasProfile } = session.slide;
  const buttons: readonly [label: string, key: string, icon: LucideIcon, act: () => void][] = [
    [t('Zoom in'), '+', ZoomIn, () => session.zoom(STEP)],
    [t('Zoom out'), '−', ZoomOut, () => session.zoom(1 / STEP)],
    [t('Fit'), '0', Expand, () => session.fit()],
    [t('Turn left'), 'Shift+R', RotateCcw, () => session.turn(-90)],
    [t('Turn right'), 'R', RotateCw, () => session.turn(90)],
    [t('Tag browser'), 'G', Tags, onTags],
  ];
  const height = planes[state.plane];
  return (
    <div className="slide-controls" role="toolbar" aria-label={t('Slide')}>
      {paths.length > 1 ? <Choice label={t('Optical path')} value={state.path} count={paths.length} text={paths[state.path]?.label ?? ''} onChange={(path) => session.show({ path })} /> : null}
      {planes.length > 1 ? <Choice label={t('Focal plane')} value={state.plane} count={planes.length} text={[t('{index} of {n}', { index: state.plane + 1, n: planes.length }), height === undefined ? '' : `${height} µm`].filter(Boolean).join(' · ')} onChange={(plane) => session.show({ plane })} /> : null}
      {hasProfile ? (
        <button type="button" className="icon-button" aria-label={t('Colours by ICC profile')} title={t('Colours by the ICC profile of the scanner, drawn by the archive')} aria-pressed={state.profiled} onClick={() => session.useProfile(!state.profiled)}>
          <Palette size={18} />
        </button>
      ) : null}
      {buttons.map(([label, key, Icon, act]) => (
        <button key={label} type="button" className="icon-button" aria-label={label} title={`${label}  ${key}`} onClick={act}>
          <Icon size={18} />
        </button>
      ))}
    </div>
  );
}

function Choice({ label, value, count, text, onChange }: { label: string; value: number; count: number; text: string; onChange(value: number): void }): JSX.Element {
  return (
    <label className="slide-choice">
      <span>
        {label}: {text}
      </span>
      <input type="range" aria-label={label} aria-valuetext={text} min={0} max={count - 1} value={value} onChange={({ currentTarget }) => onChange(Number(currentTarget.value))} />
    </label>
  );
}
