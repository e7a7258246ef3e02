// One pane: the drawing, what is written over it, gestures, and what happens when a picture cannot be shown.

import { ImageOff, LoaderCircle, Star } from 'lucide-react';
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, useState, type DragEvent, type JSX } from 'react';
import { type CommandName, keyLabel } from '../../core/commands';
import type { Detail } from '../../core/corner-text';
import { isMarked } from '../../core/key-images';
import { isMeasure, isPaint, type Tool } from '../../core/gesture';
import { t } from '../../core/language';
import { Owner } from '../../core/lifecycle';
import { formatValue } from '../../core/modality';
import type { DisplaySet } from '../../core/stack';
import { paneToPixel, type Point } from '../../core/view';
import type { ViewportPort } from '../../core/viewport-port';
import { createCanvasViewport } from '../../viewport/canvas/adapter';
import { betterViewport, createViewport, rendererWanted } from '../../viewport/create-viewport';
import type { Drag, MeasureSession } from '../../viewport/measure/session';
import type { StructuresSession } from '../../viewport/structures/session';
import type { PaneState, StackController, Suv } from '../../viewport/stack-controller';
import type { Cell } from '../../viewport/workspace';
import { CineBar } from './cine-bar';
import { Document, type DocumentActions } from './document-card';
import { FrameSlider } from './frame-slider';
import { Gestures } from './gestures';
import { Overlay } from './overlay';
import { PlaneLayer } from './plane-layer';
import { openBeside, setOf } from './references';
import { SERIES_DRAG } from './series-rail';
import { StateLayer } from './state-layer';
import { SpaceLayer } from './space-layer';
import { useCalibration } from './use-calibration';
import { useFusion, type Fusion } from './use-fusion';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';
import { whenLate } from '../../net/late';
import { patient } from '../../net/patient';

/** ms from the first picture until code is fetched that draws it faster. */
const AFTER_FIRST_PICTURE = 300;

const FusionLayer = lazy(patient(() => import('./fusion-layer').then((module) => ({ default: module.FusionLayer }))));
const MeasureLayer = lazy(patient(() => import('./measure-layer').then((module) => ({ default: module.MeasureLayer }))));

const MeasureText = lazy(patient(() => import('./measure-text').then((module) => ({ default: module.MeasureText }))));

const Magnifier = lazy(patient(() => import('./magnifier').then((module) => ({ default: module.Magnifier }))));

const PathLayer = lazy(patient(() => import('./path-layer').then((module) => ({ default: module.PathLayer }))));

const StructureLayer = lazy(patient(() => import('./structure-layer').then((module) => ({ default: module.StructureLayer }))));

const SlideView = lazy(patient(() => import('./slide-view').then((module) => ({ default: module.SlideView }))));

const BrushRing = lazy(patient(() => import('./structure-layer').then((module) => ({ default: module.BrushRing }))));

interface Props {
  engine: ViewerEngine;
  cell: Cell;
  active: boolean;
  hidden: boolean;
  tool: Tool;
  detail: Detail;
  planes: boolean;
  magnifier: boolean;
  run(name: CommandName): void;
  onMenu(at: Point): void;
  /** Why a press did nothing. */
  say(note: string): void;
  onTags(): void;
  /** A series was dropped here. */
  onDrop(id: string): void;
}

export function Pane({ engine, cell, active, hidden, tool, detail, planes, magnifier, run, onMenu, say, onTags, onDrop }: Props): JSX.Element {
  const { workspace } = engine;
  const { controller } = cell;
  const state = useStateOf(controller);
  const session = useStateOf(engine.measure);
  const planeNotes = useStateOf(engine.mpr.notes);
  const fusion = useFusion(engine, state);
  const surface = useRef<HTMLDivElement>(null);
  const drawing = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<Point>();
  const latest = useRef({ tool, run, onMenu, say });
  useEffect(() => {
    latest.current = { tool, run, onMenu, say };
  });
  const failure = useDrawing(drawing, controller, cell.id);

  useEffect(() => {
    const element = surface.current;
    if (!element) return undefined;
    const gestures = new Gestures(element, controller, {
      tool: () => latest.current.tool,
      activate: () => workspace.activate(workspace.state().cells.indexOf(cell)),
      grab: (at, reach) => {
        const { tool: chosen, say: tell } = latest.current;
        if (isMeasure(chosen) && controller.state().set?.plane === 'straightened') tell(t('Nothing is measured in a straightened picture: measure in the plane across the path or in the planes of the patient'));
        return grabbed(engine, controller, chosen, at, reach);
      },
      dragWindow: (dx, dy, other) => engine.fusion.state()?.dragWindow(controller.state().set, dx, dy, controller.state().pane.height, other) ?? false,
      stepTime: (by) => {
        if (!engine.phases.shown) return false;
        if (by !== 0) engine.phases.step(by);
        return true;
      },
      hover: (at) => engine.measure.state()?.hover(controller, at),
      cursorAt: setCursor,
      twice: (at) => {
        if (engine.measure.state()?.writeAt(controller, at)) return;
        if (latest.current.tool === 'curve') latest.current.run('curve.finish');
        else if (!isMeasure(latest.current.tool) && !isPaint(latest.current.tool) && latest.current.tool !== 'shift') latest.current.run('layout.maximise');
      },
      menu: (at) => latest.current.onMenu(inMain(element, at)),
    });
    return () => gestures.dispose();
  }, [engine, workspace, cell, controller]);

  const isDocument = state.set?.kind === 'document';
  return (
    <div
      className="pane"
      data-status={state.status}
      data-index={state.index}
      data-shown={state.shown}
      data-active={active}
      data-measuring={session ? 'ready' : undefined}
      data-testid="pane"
      hidden={hidden}
      {...dropping(onDrop)}
    >
      <div className="pane-drawing" ref={drawing} style={{ visibility: state.bitmap && !isDocument ? 'visible' : 'hidden' }} />
      {isDocument ? null : <Layers engine={engine} cell={cell} state={state} fusion={fusion} planes={planes} tool={tool} at={cursor} />}
      <div className="pane-surface" ref={surface} data-tool={tool} hidden={isDocument} />
      {isDocument && state.set ? <Unstacked engine={engine} cell={cell} set={state.set} tool={tool} onTags={onTags} /> : <Written engine={engine} cell={cell} state={state} detail={detail} planeNotes={planeNotes} fusion={fusion} cursor={cursor} />}
      {magnifier && cursor && state.bitmap && !isDocument ? (
        <Suspense fallback={null}>
          <Magnifier state={state} at={cursor} />
        </Suspense>
      ) : null}
      {session && workspace.active === controller && !isDocument ? (
        <Suspense fallback={null}>
          <MeasureText session={session} pane={state} />
        </Suspense>
      ) : null}
      {isDocument ? null : <Marks engine={engine} controller={controller} state={state} />}
      {state.status === 'empty' ? <div className="pane-empty">{t('Drag a series here, or choose one on the left')}</div> : null}
      <CineBar state={state} tool={tool} run={run} />
      <Waiting state={state} />
      {state.status === 'failed' || failure ? <Failed message={failure || state.message} onRetry={() => controller.retry()} /> : null}
    </div>
  );
}

function Structured({ session, state, tool, at }: { session: StructuresSession | undefined; state: PaneState; tool: Tool; at: Point | undefined }): JSX.Element | null {
  if (!session) return null;
  return (
    <Suspense fallback={null}>
      <StructureLayer session={session} state={state} />
      {at && isPaint(tool) ? <BrushRing session={session} state={state} at={at} /> : null}
    </Suspense>
  );
}

/** What is no stack of pictures: a slide, else an object without a picture. */
function Unstacked({ engine, cell, set, tool, onTags }: { engine: ViewerEngine; cell: Cell; set: DisplaySet; tool: Tool; onTags(): void }): JSX.Element {
  const { workspace } = engine;
  const actions = documentActions(engine, cell, onTags);
  if (!set.slide) return <Document set={set} {...actions} />;
  return (
    <Suspense fallback={null}>
      <SlideView key={set.id} engine={engine} set={set} tool={tool} onActivate={() => workspace.activate(workspace.state().cells.indexOf(cell))} onTags={actions.onTags} />
    </Suspense>
  );
}

interface OfPicture {
  engine: ViewerEngine;
  controller: StackController;
  state: PaneState;
}

interface WrittenProps {
  engine: ViewerEngine;
  cell: Cell;
  state: PaneState;
  detail: Detail;
  planeNotes: string;
  fusion: Fusion | undefined;
  cursor: Point | undefined;
}

function Written({ engine, cell: { id, controller }, state, detail, planeNotes, fusion, cursor }: WrittenProps): JSX.Element {
  const notes = [state.set?.plane ? planeNotes : '', ...(fusion?.notes ?? [])].join('\n');
  const structures = useStateOf(engine.structures);
  const calibration = useCalibration(engine, state);
  const upper = cursor && fusion?.overlay?.valueAt(id, cursor, state);
  return <Overlay state={state} detail={detail} further={notes} calibration={calibration} pixel={cursor && controller.valueAt(cursor)?.pixel} cursor={cursorText(controller, cursor, structures, upper)} colours={fusion?.overlay?.colours()} />;
}

interface LayersProps {
  engine: ViewerEngine;
  cell: Cell;
  state: PaneState;
  fusion: Fusion | undefined;
  planes: boolean;
  tool: Tool;
  at: Point | undefined;
}

/** What lies over the drawing, from below: another series, overlay planes, lines of other panes, measurements. */
function Layers({ engine, cell, state, fusion, planes, tool, at }: LayersProps): JSX.Element {
  const session = useStateOf(engine.measure);
  const structures = useStateOf(engine.structures);
  const mpr = useStateOf(engine.mpr);
  return (
    <>
      {fusion ? (
        <Suspense fallback={null}>
          <FusionLayer fusion={fusion.session} mpr={engine.mpr} pane={cell.id} state={state} />
        </Suspense>
      ) : null}
      <PlaneLayer state={state} visible={planes} />
      <Structured session={structures} state={state} tool={tool} at={at} />
      <StateLayer state={state} />
      <SpaceLayer workspace={engine.workspace} controller={cell.controller} pane={state} />
      {mpr && state.set?.plane ? (
        <Suspense fallback={null}>
          <PathLayer session={mpr} workspace={engine.workspace} pane={state} />
        </Suspense>
      ) : null}
      {session ? <Measured session={session} pane={state} /> : null}
    </>
  );
}

/** What stands beside the text: place in the stack, key image. */
function Marks({ engine, controller, state }: OfPicture): JSX.Element {
  const { marks } = useStateOf(engine.keys);
  const picture = state.set?.pictures[state.shown];
  return (
    <>
      {picture && !state.set?.plane && isMarked(picture, marks) ? <KeyBadge /> : null}
      <FrameSlider state={state} store={engine.sources} controller={controller} />
    </>
  );
}

function KeyBadge(): JSX.Element {
  return (
    <span className="key-badge" role="img" aria-label={t('Key image')} title={`${t('Key image')}  ${keyLabel('key.toggle')}`} data-testid="key-badge">
      <Star size={18} fill="currentColor" strokeWidth={1} />
    </span>
  );
}

function Measured({ session, pane }: { session: MeasureSession; pane: PaneState }): JSX.Element {
  return (
    <Suspense fallback={null}>
      <MeasureLayer session={session} pane={pane} />
    </Suspense>
  );
}

function documentActions(engine: ViewerEngine, cell: Cell, onTags: () => void): DocumentActions {
  const { workspace } = engine;
  return {
    isThere: (SOPInstanceUID) => setOf(engine, SOPInstanceUID) !== undefined,
    onImage: (SOPInstanceUID, frame) => openBeside(engine, cell, SOPInstanceUID, frame),
    onTags: () => {
      workspace.activate(workspace.state().cells.indexOf(cell));
      onTags();
    },
  };
}

/** What a press with a tool puts on the picture or moves on it. */
function grabbed(engine: ViewerEngine, controller: StackController, tool: Tool, at: Point, reach: number): Drag | undefined {
  if (tool === 'crosshair' || tool === 'curve') return alongPath(engine, controller, tool, at, reach) ?? (tool === 'crosshair' ? pointing(engine, controller, at, reach) : undefined);
  if (tool === 'shift') return shifting(engine, controller, at);
  if (isPaint(tool)) return engine.structures.state()?.editing()?.grab(controller, at, tool);
  return engine.measure.state()?.grab(controller, at, tool, reach);
}

/** Points of a path are moved with the crosshair, too; only the tool for paths puts new ones down. */
const alongPath = ({ mpr }: ViewerEngine, controller: StackController, tool: Tool, at: Point, reach: number): Drag | undefined => mpr.state()?.path.grab(controller, at, tool, reach);

/** The mask follows the pointer, by tenths of a pixel. */
function shifting({ subtraction }: ViewerEngine, controller: StackController, at: Point): Drag | undefined {
  const session = subtraction.state();
  const { bitmap, view, pane, set } = controller.state();
  if (!session || !bitmap || !set?.subtraction) return undefined;
  const pixel = (point: Point): Point => paneToPixel(point, view, bitmap, pane);
  let from = pixel(at);
  const move = (to: Point): void => {
    const now = pixel(to);
    const step = [0, 1].map((axis) => Math.round(((now[axis] ?? 0) - (from[axis] ?? 0)) * 10) / 10) as [number, number];
    if (step[0] === 0 && step[1] === 0) return;
    from = [from[0] + step[0], from[1] + step[1]];
    session.nudge(controller, ...step);
  };
  return { move, end: (to, moved) => (moved ? move(to) : undefined) };
}

function pointing({ workspace, mpr }: ViewerEngine, controller: StackController, at: Point, reach: number): Drag {
  const session = mpr.state();
  if (session) return session.grab(controller, at, reach);
  workspace.pointAt(controller, at);
  return { move: (to) => workspace.pointAt(controller, to), end: () => undefined };
}

/** A point of the pane in its parent, where menus are placed. */
function inMain(element: HTMLElement, [x, y]: Point): Point {
  const [own, main] = [element.getBoundingClientRect(), element.closest('.viewer-main')?.getBoundingClientRect()];
  return [x + own.left - (main?.left ?? 0), y + own.top - (main?.top ?? 0)];
}

function dropping(onDrop: (id: string) => void): { onDragOver(event: DragEvent): void; onDrop(event: DragEvent): void } {
  return {
    onDragOver: (event) => {
      if (event.dataTransfer.types.includes(SERIES_DRAG)) event.preventDefault();
    },
    onDrop: (event) => {
      event.preventDefault();
      onDrop(event.dataTransfer.getData(SERIES_DRAG));
    },
  };
}

/** Makes the drawing once the element is there; returns why there is none. */
function useDrawing(drawing: React.RefObject<HTMLDivElement | null>, controller: StackController, pane: number): string {
  const [failure, setFailure] = useState('');
  // With the layout and not after it, or a pane would be seen empty before its picture.
  useLayoutEffect(() => {
    const element = drawing.current;
    if (!element) return undefined;
    const owner = new Owner();
    let current: ViewportPort | undefined;
    const withoutProcessor = (): void => {
      if (owner.disposed) return;
      controller.detach();
      current?.dispose();
      current = undefined;
      element.replaceChildren();
      put(createCanvasViewport(element));
    };
    const put = (port: ViewportPort | undefined): void => {
      if (owner.disposed || !port) {
        port?.dispose();
        return;
      }
      const before = current;
      current = port;
      element.dataset.renderer = port.name;
      controller.attach(port);
      port.onLost?.(withoutProcessor);
      if (before) requestAnimationFrame(() => before.dispose());
    };
    createViewport(element, rendererWanted(), pane).then(
      (port) => {
        put(port);
        const observer = new ResizeObserver(() => controller.resized());
        observer.observe(element);
        owner.own(() => observer.disconnect());
        owner.own(onceDrawn(controller, () => void betterViewport(element, rendererWanted(), pane).then(put, () => undefined)));
      },
      (error: unknown) => setFailure(error instanceof Error ? error.message : t('This browser cannot draw images')),
    );
    return () => {
      owner.dispose();
      controller.detach();
      current?.dispose();
    };
  }, [drawing, controller, pane]);
  return failure;
}

/** Runs `then` when the first picture has been drawn; returns what calls it off. */
function onceDrawn(controller: StackController, then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    if (timer || !controller.state().bitmap) return;
    timer = setTimeout(then, AFTER_FIRST_PICTURE);
  };
  const stop = controller.changed.listen(look);
  look();
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** The value under the pointer, and what structures and doses say there. */
function cursorText(controller: StackController, cursor: Point | undefined, structures: StructuresSession | undefined, over: Suv | undefined): string {
  return cursor ? [valueText(controller, cursor, over), structures?.textAt(controller, cursor)].filter(Boolean).join('  ') : '';
}

function valueText(controller: StackController, cursor: Point, over: Suv | undefined): string {
  const under = controller.valueAt(cursor);
  if (!under) return '';
  const place = `(${under.pixel[0]}, ${under.pixel[1]})`;
  if (under.rgb) return `${place}  RGB ${under.rgb.join(' ')}`;
  const upper = over ? `  · ${over.label} ${formatValue(over.value)}` : '';
  if (under.value === undefined) return `${place}${upper}`;
  const suv = under.suv ? `  ${under.suv.label} ${formatValue(under.suv.value)}` : '';
  return `${place}  ${formatValue(under.value)}${under.unit ? ` ${under.unit}` : ''}${suv}${upper}`;
}

function Waiting({ state }: { state: PaneState }): JSX.Element | null {
  const { status, index } = state;
  return status === 'loading' ? <Coming key={index} state={state} /> : null;
}

function Coming({ state }: { state: PaneState }): JSX.Element {
  const [late, setLate] = useState(false);
  useEffect(() => whenLate(() => setLate(true)), []);
  return (
    <div className="waiting" data-first={!state.bitmap}>
      <LoaderCircle size={state.bitmap ? 16 : 28} strokeWidth={1.5} aria-label={t('Loading image')} />
      {late ? <span role="status">{t('The archive is slow to answer')}</span> : null}
    </div>
  );
}

function Failed({ message, onRetry }: { message: string; onRetry(): void }): JSX.Element {
  return (
    <div className="failed" role="alert">
      <ImageOff size={32} strokeWidth={1.25} aria-hidden="true" />
      <strong>{t('This image cannot be shown')}</strong>
      <span>{message}</span>
      <button type="button" className="button" onClick={onRetry}>
        {t('Try again')}
      </button>
    </div>
  );
}
