// Binds the command table to what the viewer page does, and keys to commands.

import { useEffect, useMemo } from 'react';
import { COLOUR_MAPS } from '../../core/colour-maps';
import { commandForKey, PRESET_COMMANDS, type Actions, type CommandName } from '../../core/commands';
import { nextDetail, type Detail } from '../../core/corner-text';
import { DEFAULT_CHOICE, FULL_RANGE } from '../../core/display';
import { isPaint, PAINTS, type Tool } from '../../core/gesture';
import { t } from '../../core/language';
import type { SlabMode } from '../../core/reslice';
import type { Links } from '../../core/links';
import type { Overlay } from '../../viewport/fusion/overlay';
import type { ExportState } from '../../viewport/export/choices';
import type { ExportSource } from '../../viewport/export/exporter';
import type { PaneParts } from '../../viewport/export/pane-picture';
import { notStored } from '../../net/local-only';
import type { Printed } from './print-sheet';
import { settings } from '../settings';
import type { PathSession } from '../../viewport/mpr/path-session';
import type { SubtractionSession } from '../../viewport/subtraction/session';
import type { EditSession } from '../../viewport/structures/edit-session';
import { shownSet } from './shown-set';
import type { ViewerEngine } from './viewer-engine';

export interface PageState {
  tool: Tool;
  detail: Detail;
  panel: 'tags' | 'keys' | 'measures' | 'structures' | 'curve' | 'commands' | 'settings' | 'surface' | undefined;
  drawer: boolean;
  /** Overlay planes and shutter are drawn. */
  planes: boolean;
  /** A lens follows the pointer. */
  magnifier: boolean;
  /** Counts how often the layout was asked for. */
  layoutAsked: number;
  /** Why something could not be done; gone with the next command. */
  note: string;
}

export interface PageActions {
  change(change: (state: PageState) => Partial<PageState>): void;
  series(by: 1 | -1): void;
  /** Opens the first series that is shown, unless the active pane shows one of them. */
  first(): void;
  /** Fuses what goes best with the open series, or ends that. */
  fuse(): void;
  list(): void;
  /** Copies a link to the picture of the active pane. */
  link(): void;
  /** Opens the study that follows or precedes in the list. */
  study(by: 1 | -1): void;
  /** Lets the user choose local files, or a folder. */
  pick(folder: boolean): void;
  upload(folder: boolean): void;
  full(): void;
  /** Whether overlay planes and shutter are drawn. */
  planes(): boolean;
  tool(): Tool;
}

const MEASURES = ['length', 'angle', 'cobb', 'bidirectional', 'ellipse', 'rectangle', 'circle', 'freehand', 'probe', 'arrow', 'ellipsoid'] as const;
const LINKED = ['scroll', 'offset', 'window', 'view', 'lines'] as const satisfies readonly (keyof Links)[];

/** What is being painted, while a tool for it is chosen. */
const paintingWith = ({ structures }: Pick<ViewerEngine, 'structures'>, page: PageActions): EditSession | undefined => (isPaint(page.tool()) ? structures.state()?.editing() : undefined);

function toolActions({ measure, structures, workspace, volume3d, mpr }: ViewerEngine, page: PageActions): Actions {
  const editing = (): EditSession | undefined => paintingWith({ structures }, page);
  /** The path through the planes, while what is done is done to it. */
  const onPath = (): PathSession | undefined => (page.tool() === 'curve' || page.tool() === 'crosshair' ? mpr.state()?.path : undefined);
  const tool = (name: Tool) => (): void => page.change(() => ({ tool: name }));
  const actions: Actions = { 'tool.window': tool('window'), 'tool.scroll': tool('scroll'), 'tool.zoom': tool('zoom'), 'tool.pan': tool('pan'), 'tool.rotate': tool('rotate'), 'tool.crosshair': tool('crosshair') };
  for (const kind of MEASURES) {
    actions[`measure.${kind}`] = () => {
      void measure.want();
      page.change(() => ({ tool: kind }));
    };
  }
  return {
    ...actions,
    'measure.calibration': () =>
      void measure.want().then((session) => {
        if (!session.calibrateSelected(workspace.active.state())) page.change(() => ({ tool: 'calibration' }));
      }),
    'measure.isocontour': () =>
      void measure.want().then((session) => {
        const note = session.isPet(workspace.active.state()) ? '' : t('This tool is for PET: open one in the pane, or fuse it with its CT');
        page.change(() => ({ tool: 'isocontour', note }));
      }),
    'region.higher': () => measure.state()?.stepThreshold(1),
    'region.lower': () => measure.state()?.stepThreshold(-1),
    'measure.undo': () => {
      const volume = volume3d.state();
      if (volume) volume.undoCut();
      else if (!onPath()?.undo()) (editing() ?? measure.state())?.undo();
    },
    'measure.redo': () => {
      if (!onPath()?.redo()) (editing() ?? measure.state())?.redo();
    },
    'measure.delete': () => {
      if (page.tool() !== 'curve' || !mpr.state()?.path.remove()) measure.state()?.remove();
    },
    'measure.hide': () => measure.state()?.toggleHidden(),
    'time.curve': () => page.change((state) => ({ panel: state.panel === 'curve' ? undefined : 'curve' })),
    'measure.list': () => page.change((state) => ({ panel: state.panel === 'measures' ? undefined : 'measures' })),
  };
}

function structureActions({ structures, workspace }: ViewerEngine, page: PageActions): Actions {
  const actions: Actions = {};
  for (const tool of PAINTS) {
    actions[`paint.${tool}`] = () => {
      void structures.want().then((session) => {
        const note = session.editing() ? '' : session.begin(workspace.active);
        page.change((state) => (note ? { note } : { tool, panel: 'structures', note: state.note }));
      });
    };
  }
  return {
    ...actions,
    'structures.list': () => {
      void structures.want();
      page.change((state) => ({ panel: state.panel === 'structures' ? undefined : 'structures' }));
    },
    'structures.toggle': () => structures.state()?.toggleHidden(),
  };
}

function layoutActions({ workspace }: ViewerEngine, page: PageActions): Actions {
  const actions: Actions = {};
  for (const name of LINKED) actions[`link.${name}`] = () => workspace.link({ [name]: !workspace.state().links[name] });
  return {
    ...actions,
    'layout.choose': () => page.change((state) => ({ layoutAsked: state.layoutAsked + 1 })),
    'layout.maximise': () => {
      if (!workspace.toggleMaximised()) page.full();
    },
    'layout.next': () => workspace.next(1),
    'layout.previous': () => workspace.next(-1),
  };
}

function hangingActions({ hanging, mpr, volume3d }: ViewerEngine, page: PageActions): Actions {
  const saying = (make: () => Promise<string>) => (): void => {
    void make()
      .catch((error: unknown) => (error instanceof Error ? error.message : t('The archive did not answer')))
      .then((note) => page.change(() => ({ note })));
  };
  const step = (by: 1 | -1) => (): Promise<string> => {
    volume3d.leave();
    mpr.leave();
    return hanging.step(by);
  };
  return {
    'hang.next': saying(step(1)),
    'hang.previous': saying(step(-1)),
    'hang.save': saying(async () => {
      mpr.leave();
      await hanging.save();
      return '';
    }),
    'hang.reset': saying(() => hanging.reset()),
  };
}

const MODES: readonly SlabMode[] = ['max', 'min', 'mean'];

function mprActions({ mpr, workspace, structures }: ViewerEngine, page: PageActions): Actions {
  const thicker = (by: number): void => {
    const session = mpr.state();
    session?.setSlab(session.state().mode, session.state().thickness + by);
  };
  const sized = (factor: number, direction: 1 | -1): void => {
    const editing = paintingWith({ structures }, page);
    if (editing) editing.resize(factor);
    else thicker(direction);
  };
  return {
    'mpr.toggle': () => {
      void mpr.toggle().then((note) => page.change(() => ({ note, ...(note ? {} : { tool: workspace.state().arrangement === 'mpr' ? 'crosshair' : 'window' }) })));
    },
    'mpr.thicker': () => sized(1.25, 1),
    'mpr.thinner': () => sized(0.8, -1),
    'mpr.mode': () => {
      const session = mpr.state();
      session?.setSlab(MODES[(MODES.indexOf(session.state().mode) + 1) % MODES.length] as SlabMode, session.state().thickness);
    },
    'mpr.straighten': () => mpr.state()?.straighten(),
  };
}

function curveActions({ mpr }: ViewerEngine, page: PageActions): Actions {
  const finish = (): void => {
    const note = mpr.state()?.path.finish() ?? '';
    page.change(() => (note ? { note } : { tool: 'crosshair' }));
  };
  return {
    'curve.draw': () => {
      const path = mpr.state()?.path;
      if (page.tool() === 'curve' && path) finish();
      else
        void (path ? Promise.resolve('') : mpr.toggle()).then((refused) => {
          const note = refused || (mpr.state()?.path.begin() ?? '');
          page.change(() => (note ? { note } : { tool: 'curve' }));
        });
    },
    'curve.finish': finish,
    'curve.remove': () => void mpr.state()?.path.remove(),
  };
}

function fusionActions({ fusion, workspace }: ViewerEngine, page: PageActions): Actions {
  const overlay = (): Overlay | undefined => fusion.state()?.of(workspace.active.state().set);
  return {
    'fusion.toggle': () => page.fuse(),
    'fusion.more': () => overlay()?.changeBlend(1),
    'fusion.less': () => overlay()?.changeBlend(-1),
    'fusion.hide': () => overlay()?.toggle(),
    'fusion.layer': () => fusion.state()?.toggleLayer(),
  };
}

function subtractionActions({ subtraction, workspace }: ViewerEngine, page: PageActions): Actions {
  const saying = (make: (session: SubtractionSession) => Promise<string>) => (): void => {
    void subtraction
      .want()
      .then(make)
      .catch((error: unknown) => (error instanceof Error ? error.message : t('The mask cannot be read')))
      .then((note) => page.change(({ tool }) => ({ note, ...(tool === 'shift' && !workspace.active.state().set?.subtraction ? { tool: 'window' } : {}) })));
  };
  return {
    'dsa.toggle': saying((session) => session.toggle(workspace.active)),
    'dsa.mask': saying((session) => session.maskHere(workspace.active)),
    'dsa.shift': saying(async (session) => {
      const note = workspace.active.state().set?.subtraction ? '' : await session.toggle(workspace.active);
      if (!note) page.change(({ tool }) => ({ tool: tool === 'shift' ? 'window' : 'shift' }));
      return note;
    }),
    'dsa.reset': () => subtraction.state()?.reset(workspace.active),
  };
}

const NUDGES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Arrow keys move the mask while that tool is chosen: by a pixel, with Shift by a tenth. */
function nudged({ subtraction, workspace }: ViewerEngine, page: PageActions, { key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const step = NUDGES[key];
  if (!step || page.tool() !== 'shift' || ctrlKey || metaKey || altKey) return false;
  const by = shiftKey ? 0.1 : 1;
  return subtraction.state()?.nudge(workspace.active, step[0] * by, step[1] * by) ?? false;
}

/** What an arrow key turns a volume in three dimensions by, in parts of half a turn; what + and - zoom by. */
const TURN = 5 / 180;
const STEP_ZOOM = 1.25;

/** Arrow keys turn the volume while one is open, + and - zoom; Shift with arrows goes through its phases. */
function volumeTurned({ volume3d }: ViewerEngine, { key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const session = volume3d.state();
  if (!session || ctrlKey || metaKey || altKey) return false;
  const step = NUDGES[key];
  if (step && !shiftKey) session.turn(step[0] * TURN, step[1] * TURN);
  else if (key === '+' || key === '-') session.zoom(key === '+' ? STEP_ZOOM : 1 / STEP_ZOOM);
  else return false;
  return true;
}

function volumeActions({ volume3d }: ViewerEngine, page: PageActions): Actions {
  return { 'volume.toggle': () => void volume3d.toggle().then((note) => page.change(() => ({ note }))) };
}

function exportActions(engine: ViewerEngine, page: PageActions): Actions {
  const { workspace, measure, structures, mpr, volume3d, exporting, job, client, sources } = engine;
  const parts = (): Omit<PaneParts, 'further'> => ({ client, measure: measure.state(), structures: structures.state(), fusion: engine.fusion.state(), planes: page.planes() });
  const source = (): ExportSource => {
    const { active } = workspace;
    return { volume: volume3d.state(), active, pane: workspace.state().active, parts: { ...parts(), further: active.state().set?.plane ? mpr.notes.state() : '' } };
  };
  /** Whoever hides names does not want them in files either. */
  const wanted = (): ExportState => ({ ...exporting.state(), text: exporting.state().text && settings.state().names });
  const making = (make: () => Promise<string>) => (): void => {
    void make()
      .catch((error: unknown) => (error instanceof Error ? error.message : t('The file cannot be made')))
      .then((note) => page.change(() => ({ note })));
  };
  const printing = (printed: Printed): (() => void) => making(async () => (await import('./print-sheet')).printSheet(engine, parts(), printed));
  return {
    'export.image': making(async () => (await import('../../viewport/export/exporter')).downloadPicture(source(), wanted())),
    'export.jpeg': making(async () => (await import('../../viewport/export/exporter')).downloadPicture(source(), wanted(), 'jpeg')),
    'export.film': making(() => job.run(t('Saving the film'), async (running) => (await import('../../viewport/export/film')).downloadFilm(workspace.active.state(), sources, source().parts, wanted(), running))),
    'export.nifti': making(() => job.run(t('Saving the volume'), async (running) => (await import('../../viewport/export/nifti')).downloadNifti(shownSet(engine), engine.store, running))),
    'export.surface': () => page.change(() => ({ panel: 'surface' })),
    'export.copy': making(async () => (await import('../../viewport/export/exporter')).copyPicture(source(), wanted())),
    'export.print': printing('layout'),
    'export.printPane': printing('pane'),
    'export.contact': making(() => job.run(t('Making the contact sheet'), async (running) => (await import('./print-sheet')).printContactSheet(engine, source().parts, running))),
    'export.text': () => exporting.toggle('text'),
    'export.size': () => exporting.toggle('ownSize'),
  };
}

function imageActions({ workspace, phases }: ViewerEngine): Actions {
  const presets: Actions = {};
  for (const [place, name] of PRESET_COMMANDS.entries()) presets[name] = () => workspace.active.choosePreset(place);
  for (const { id } of COLOUR_MAPS) presets[`map.${id}`] = () => workspace.active.chooseMap(id);
  const last = (): number => (workspace.active.state().set?.pictures.length ?? 1) - 1;
  return {
    ...presets,
    'image.next': () => workspace.active.step(1),
    'image.previous': () => workspace.active.step(-1),
    'image.forward': () => workspace.active.step(10),
    'image.back': () => workspace.active.step(-10),
    'image.first': () => workspace.active.goTo(0),
    'image.last': () => workspace.active.goTo(last()),
    'cine.toggle': () => {
      if (!phases.toggle()) workspace.active.togglePlay();
    },
    'cine.sweep': () => workspace.active.toggleSweep(),
    'cine.slower': () => {
      if (!phases.changeRate(-1)) workspace.active.changeRate(-1);
    },
    'cine.faster': () => {
      if (!phases.changeRate(1)) workspace.active.changeRate(1);
    },
    'phase.next': () => phases.step(1),
    'phase.previous': () => phases.step(-1),
    'window.default': () => workspace.active.chooseWindow(DEFAULT_CHOICE),
    'window.full': () => workspace.active.chooseWindow(FULL_RANGE),
    'window.invert': () => workspace.active.invert(),
    'map.grey': () => workspace.active.chooseMap(undefined),
    'map.invertedGrey': () => workspace.active.chooseMap(undefined, true),
    'view.in': () => workspace.active.zoom(1.25),
    'view.out': () => workspace.active.zoom(0.8),
    'view.fit': () => workspace.active.fit(),
    'view.actual': () => workspace.active.actualSize(),
    'view.rotateRight': () => workspace.active.rotate(1),
    'view.rotateLeft': () => workspace.active.rotate(-1),
    'view.flipHorizontal': () => workspace.active.flip('horizontal'),
    'view.flipVertical': () => workspace.active.flip('vertical'),
    'view.smooth': () => workspace.active.setSmooth(!workspace.active.state().smooth),
  };
}

/** Stores what the active pane shows as a presentation state; returns what to tell the user. */
async function storeState({ workspace, measure, loader, client }: ViewerEngine, overlays: boolean): Promise<string> {
  if (client.local) return notStored();
  const pane = workspace.active.state();
  const { set, shown, bitmap, view, grey, setting } = pane;
  const picture = set?.pictures[shown];
  if (!set || !picture || !bitmap) return t('There is no picture in this pane');
  if (set.plane) return t('Planes of a volume have no image to store a view of');
  if (set.subtraction) return t('Subtracted pictures cannot be stored as a view: end the subtraction first');
  const [{ savedView }, { storeView }] = await Promise.all([import('../../core/saved-view'), import('../../net/stored-states')]);
  const label = [set.description || set.modality, t('image {shown}', { shown: shown + 1 })].join(', ').slice(0, 64);
  const saved = savedView({ picture, shape: bitmap, view, pane: pane.pane, grey, inverted: setting.inverted, overlays, laid: measure.state()?.laid(pane) ?? [] }, label);
  if (typeof saved === 'string') return saved;
  await storeView(set.StudyInstanceUID, saved);
  await loader.refresh();
  return t('Stored as a presentation state in a new series');
}

function keyActions(engine: ViewerEngine, page: PageActions): Actions {
  const { keys, workspace } = engine;
  const say = (note: string): void => page.change(() => ({ note }));
  const toggle = async (): Promise<string> => {
    const { set } = workspace.active.state();
    const { picture } = workspace.active;
    if (!set || !picture) return t('There is no picture in this pane');
    return set.plane ? t('Planes of a volume cannot be marked: mark an image of its series') : keys.toggle(set.StudyInstanceUID, picture);
  };
  return {
    'key.toggle': () => void toggle().then(say),
    'key.only': () => {
      say(keys.toggleOnly());
      if (keys.state().only) page.first();
    },
    'state.store': () => void storeState(engine, page.planes()).then(say, (error: unknown) => say(error instanceof Error ? error.message : t('The archive did not store it'))),
    'key.store': () => void keys.store().then(say, (error: unknown) => say(error instanceof Error ? error.message : t('The archive did not store them'))),
  };
}

export function actionsOf(engine: ViewerEngine, page: PageActions): Actions {
  const { workspace, measure, volume3d, mpr } = engine;
  const leavePath = (): boolean => {
    if (!mpr.state()?.path.leave()) return false;
    page.change(({ tool }) => ({ tool: tool === 'curve' ? 'crosshair' : tool }));
    return true;
  };
  return {
    ...toolActions(engine, page),
    ...structureActions(engine, page),
    ...layoutActions(engine, page),
    ...hangingActions(engine, page),
    ...mprActions(engine, page),
    ...curveActions(engine, page),
    ...fusionActions(engine, page),
    ...subtractionActions(engine, page),
    ...volumeActions(engine, page),
    ...imageActions(engine),
    ...exportActions(engine, page),
    ...keyActions(engine, page),
    'series.next': () => page.series(1),
    'series.previous': () => page.series(-1),
    'view.magnifier': () => page.change((state) => ({ magnifier: !state.magnifier })),
    'view.planes': () => page.change((state) => ({ planes: !state.planes })),
    'view.reset': () => {
      const drawing = page.tool() === 'curve';
      if (isPaint(page.tool()) || page.tool() === 'shift' || (drawing && !mpr.state())) page.change(() => ({ tool: 'window' }));
      else if (volume3d.state()?.state().scissors) volume3d.state()?.setScissors(undefined);
      else if (!engine.job.cancel() && !volume3d.leave() && !(drawing && leavePath()) && !measure.state()?.cancel() && !leavePath() && !workspace.forgetCursor()) workspace.active.reset();
    },
    'panel.text': () => page.change((state) => ({ detail: nextDetail(state.detail) })),
    'panel.names': () => settings.setNames(!settings.state().names),
    'panel.series': () => page.change((state) => ({ drawer: !state.drawer })),
    'panel.tags': () => page.change((state) => ({ panel: state.panel === 'tags' ? undefined : 'tags' })),
    'panel.keys': () => page.change((state) => ({ panel: state.panel === 'keys' ? undefined : 'keys' })),
    'panel.commands': () => page.change(() => ({ panel: 'commands' })),
    'panel.settings': () => page.change(() => ({ panel: 'settings' })),
    'panel.full': () => page.full(),
    'local.open': () => page.pick(false),
    'local.folder': () => page.pick(true),
    'archive.files': () => page.upload(false),
    'archive.folder': () => page.upload(true),
    'study.list': () => page.list(),
    'link.copy': () => page.link(),
    'study.next': () => page.study(1),
    'study.previous': () => page.study(-1),
  };
}

/** Tab moves between panes only while no control has the focus, so that every control stays in reach of the keyboard. */
const staysTab = (name: CommandName, cells: number): boolean =>
  (name === 'layout.next' || name === 'layout.previous') && (cells < 2 || (document.activeElement !== null && document.activeElement !== document.body));

/** Enter ends a path while one is drawn; elsewhere, and on a button that the keyboard has led to, it stays what it is. */
const staysEnter = ({ target }: KeyboardEvent, tool: Tool): boolean => tool !== 'curve' || (target instanceof HTMLElement && target.matches('button:focus-visible, a:focus-visible'));

const OF_SLIDERS = /^(Arrow|Home|End|Page)/;
const OF_INPUTS: Readonly<Record<string, (key: string) => boolean>> = { checkbox: (key) => key === ' ', range: (key) => OF_SLIDERS.test(key) };

/** The space bar presses a button that the keyboard has led to; after a click it is a command. */
const pressing = ({ target, key }: KeyboardEvent): boolean => key === ' ' && target instanceof HTMLButtonElement && target.matches(':focus-visible');

/** Whether a key is for the control that has the focus; of check boxes only the space bar is, of sliders what moves them. */
const isTyping = ({ target, key }: KeyboardEvent): boolean => (target instanceof HTMLInputElement && (OF_INPUTS[target.type]?.(key) ?? true)) || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

/** Runs commands by name, and by key while no dialog is open. `page` must stay the same object while nothing changes. */
export function useCommands(engine: ViewerEngine, page: PageActions): (name: CommandName) => void {
  const run = useMemo(() => {
    const actions = actionsOf(engine, page);
    return (name: CommandName): void => actions[name]?.();
  }, [engine, page]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || pressing(event) || document.querySelector('dialog[open]')) return;
      if (volumeTurned(engine, event) || nudged(engine, page, event)) {
        event.preventDefault();
        return;
      }
      const name = commandForKey(event);
      if (name === 'export.copy' && getSelection()?.isCollapsed === false) return;
      if (!name || staysTab(name, engine.workspace.state().cells.length) || (name === 'curve.finish' && staysEnter(event, page.tool()))) return;
      event.preventDefault();
      if (event.target instanceof HTMLElement) event.target.blur();
      page.change(() => ({ note: '' }));
      run(name);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [run, engine, page]);
  return run;
}
