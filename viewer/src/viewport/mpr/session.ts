// A volume on screen as three planes through one place: loads its slices, cuts again as they come, slab, turning, leaving.

import type { Vector } from '../../core/geometry';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { pictureInfo } from '../../core/picture-info';
import { distanceToChain } from '../../core/measure/outline';
import { centreOf, crossing, nearestPicture, planeOf, toPixel, type ImagePlane } from '../../core/plane';
import { previewGeometry, type Preview } from '../../core/preview';
import { planeId, PLANES, reformat, slabOf, STANDARD, turned, type Frame, type PlaneName, type Reformatted } from '../../core/reformat';
import type { Cut, SlabMode } from '../../core/reslice';
import type { DisplaySet, Picture } from '../../core/stack';
import { isFloating, type Volume } from '../../core/volume';
import { paneToPixel, pixelToPane, type Point } from '../../core/view';
import type { Drag } from '../measure/session';
import type { BitmapStore, LoadedBitmap } from '../bitmap-store';
import type { PictureSources } from '../picture-sources';
import type { StackController } from '../stack-controller';
import type { Workspace } from '../workspace';
import type { KeptPath } from './kept-path';
import { PathSession } from './path-session';
import { PhaseVolumes, type Held } from './phase-volumes';
import type { PlaneServer } from './server-planes';

export interface MprState {
  mode: SlabMode;
  /** mm; 0 is a thin plane. */
  thickness: number;
  loaded: number;
  /** How many of them are in what is on screen. */
  drawn: number;
  total: number;
  /** How many pixels of a row one pixel of the preview stands for; 0 where there is none. */
  preview: number;
  failed: number;
  notes: readonly string[];
  turned: boolean;
  /** Which phase the planes are cut from. */
  phase: number;
  /** The archive cuts the planes, for this browser cannot hold the volume. */
  atServer: boolean;
}

/** What a session cuts its planes with. */
export interface MprMeans {
  worker(): Worker;
  preview: Promise<Preview | undefined>;
  /** Can cut the planes instead of this browser; `atServer`: does so from the beginning. */
  server?: PlaneServer | undefined;
  atServer?: boolean;
  kept: KeptPath;
}

/** Time between two cuts of what is on screen while slices come, in ms. */
const SHARPEN = 150;
/** How long all else waits for planes cut from the preview, in ms. */
const LONGEST_WAIT = 300;
const SLAB_NAMES: Readonly<Record<SlabMode, string>> = { max: 'MIP', min: 'MinIP', mean: 'Average' };
/** A press this far from the crosshair, on one of its lines, turns instead of moves; CSS pixels. */
const AWAY = 50;
export const MOST_THICKNESS = 60;

export class MprSession {
  readonly changed = new Signal();
  private current: MprState;
  private volumes: PhaseVolumes;
  private shown: Held;
  /** The archive sends real values. */
  private floating: boolean;
  private readonly server: PlaneServer | undefined;
  /** When the first planes are on screen. */
  private readonly first: Promise<void>;
  private frames: Record<PlaneName, Frame> = { ...STANDARD };
  private planes: Reformatted[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly life = new AbortController();
  private turns = 0;
  /** What is drawn through the planes, and shown along it. */
  readonly path: PathSession;
  private readonly place: Vector;
  private readonly ready: Promise<void>;
  private readonly before: { rows: number; columns: number; sets: (DisplaySet | undefined)[]; active: number };

  constructor(
    private readonly workspace: Workspace,
    private readonly store: BitmapStore,
    private readonly sources: PictureSources,
    readonly source: DisplaySet,
    private readonly volume: Volume,
    { worker, preview, server, atServer = false, kept }: MprMeans,
  ) {
    this.server = server;
    const { rows, columns, cells, active } = workspace.state();
    this.before = { rows, columns, active, sets: cells.map(({ controller }) => controller.state().set) };
    this.floating = atServer || isFloating(source.phases?.sets.flatMap(({ pictures }) => pictures) ?? volume.pictures);
    this.current = { mode: 'max', thickness: 0, loaded: 0, drawn: 0, total: volume.pictures.length, preview: 0, failed: 0, notes: volume.notes, turned: false, phase: source.phase ?? 0, atServer };
    this.planes = PLANES.map((name) => reformat(source, volume, name, STANDARD[name], this.floating));
    this.path = new PathSession({
      workspace,
      source,
      volume,
      floating: () => this.floating,
      kept,
      slab: () => this.current,
      against: () => (this.current.atServer ? t('The archive draws these planes one by one: to straighten a path, the browser would have to hold the volume') : ''),
    });
    const at = workspace.active.picture;
    let begin = (): void => undefined;
    this.first = new Promise<void>((resolve) => (begin = resolve));
    this.volumes = this.phaseVolumes();
    this.shown = this.volumes.get(this.current.phase, atServer ? undefined : worker(), Math.max(0, at ? volume.pictures.indexOf(at) : 0)) as Held;
    sources.usePlanes(this.shown.planes);
    if (atServer) this.update({ loaded: this.shown.loaded, drawn: this.shown.loaded });
    this.place = this.placeOf(at);
    const small = atServer ? Promise.resolve() : preview.then((coming) => this.take(coming)).catch(() => undefined);
    const pause = new Promise<void>((resolve) => setTimeout(resolve, LONGEST_WAIT));
    this.ready = Promise.race([small, pause]).then(begin);
  }

  readonly state = (): MprState => this.current;

  /** What stands on every plane, a line each. */
  notes(): string {
    const { mode, thickness, drawn, total, preview, failed, atServer } = this.current;
    return [atServer ? t('Drawn by the server') : '', preview > 0 && drawn < total ? t('Preview at 1/{factor}', { factor: preview }) : '', drawn < total - failed ? t('{drawn} of {total} slices', { drawn, total }) : '', failed > 0 ? t('{failed} slices missing', { failed }) : '', thickness > 0 ? `${t(SLAB_NAMES[mode])} ${thickness} mm` : ''].filter(Boolean).join('\n');
  }

  get lastCut(): number {
    return this.shown.reslicer?.lastCut ?? 0;
  }

  /** Cuts the planes from another phase; they stay where they are. */
  setPhase(phase: number): void {
    const held = phase === this.current.phase ? undefined : this.volumes.get(phase);
    if (!held) return;
    this.shown = held;
    this.sources.usePlanes(held.planes);
    this.update({ phase, loaded: held.loaded, drawn: held.loaded, total: held.total, failed: held.failed, preview: 0 });
    for (const { controller } of this.workspace.state().cells) void controller.refresh();
  }

  /** Whether all slices of a phase are there; fetches them otherwise. */
  isReady(phase: number): boolean {
    return this.volumes.isWhole(phase);
  }

  /** A picture of these planes. */
  pictureOf(id: string): Picture | undefined {
    return this.planes.flatMap(({ set }) => set.pictures).find((picture) => picture.id === id);
  }

  /** The same picture cut from all slices of another phase; undefined where one is missing. */
  async cutIn(phase: number, picture: Picture): Promise<LoadedBitmap | undefined> {
    const held = this.volumes.get(phase);
    await held?.whole;
    if (!held || held.loaded < held.total) return undefined;
    if (held === this.shown) held.planes.forget(); // what was cut before the last slices came
    // A name of its own: what a pane wishes meanwhile is not in its place.
    return held.planes.load({ ...this.source, id: `curve:${picture.id}` }, picture);
  }

  setSlab(mode: SlabMode, thickness: number): void {
    this.update({ mode, thickness: Math.min(MOST_THICKNESS, Math.max(0, thickness)) });
    this.volumes.forget();
    void this.again();
  }

  /** Turns the two other planes about the normal of a pane's own, by radians, and keeps the place. */
  turn(controller: StackController, angle: number): void {
    const own = planeName(controller);
    const { cursor } = this.workspace.state();
    if (!own || !cursor) return;
    this.turns += 1;
    const axis = this.frames[own].normal;
    for (const name of PLANES) if (name !== own) this.frames[name] = turned(this.frames[name], axis, angle);
    this.planes = this.planes.map((plane, index) => {
      const name = PLANES[index] as PlaneName;
      return name === own ? plane : reformat(this.source, this.volume, name, this.frames[name], this.floating, `~${this.turns}`);
    });
    this.update({ turned: true });
    this.show(cursor.place, (name) => name !== own);
  }

  /** The planes of the patient again. */
  straighten(): void {
    const { cursor } = this.workspace.state();
    if (!this.current.turned || !cursor) return;
    this.frames = { ...STANDARD };
    this.planes = PLANES.map((name) => reformat(this.source, this.volume, name, STANDARD[name], this.floating));
    this.update({ turned: false });
    this.show(cursor.place, () => true);
  }

  /** A press with the crosshair: on a line, away from where they cross, it turns the planes; elsewhere it moves them. */
  grab(controller: StackController, at: Point, reach: number): Drag {
    if (!this.onLine(controller, at, reach)) {
      this.workspace.pointAt(controller, at);
      return { move: (to) => this.workspace.pointAt(controller, to), end: () => undefined };
    }
    let before = this.angleAt(controller, at);
    const move = (to: Point): void => {
      const now = this.angleAt(controller, to);
      if (now === undefined || before === undefined || Math.abs(now - before) < 1e-3) return;
      this.turn(controller, now - before);
      before = now;
    };
    return { move, end: () => undefined };
  }

  private onLine(controller: StackController, at: Point, reach: number): boolean {
    const here = this.crosshairIn(controller);
    if (!here || !planeName(controller) || Math.hypot(at[0] - here.centre[0], at[1] - here.centre[1]) < AWAY) return false;
    const { bitmap, view, pane } = controller.state();
    return this.workspace.state().cells.some(({ controller: other }) => {
      const { set, shown } = other.state();
      const plane = other === controller || !planeName(other) ? undefined : planeOf(set?.pictures[shown]);
      const line = plane && crossing(here.plane, plane);
      return line && bitmap && distanceToChain(line.map((pixel) => pixelToPane(pixel, view, bitmap, pane)), at) <= reach;
    });
  }

  /** The plane of a pane and where the crosshair is in it, in CSS pixels. */
  private crosshairIn(controller: StackController): { plane: ImagePlane; centre: Point } | undefined {
    const { set, shown, bitmap, view, pane } = controller.state();
    const plane = planeOf(set?.pictures[shown]);
    const { cursor } = this.workspace.state();
    return plane && cursor && bitmap && { plane, centre: pixelToPane(toPixel(plane, cursor.place).pixel, view, bitmap, pane) };
  }

  /** The direction from the crosshair to a point of the pane, in radians of the picture. */
  private angleAt(controller: StackController, at: Point): number | undefined {
    const here = this.crosshairIn(controller);
    const { bitmap, view, pane } = controller.state();
    const { cursor } = this.workspace.state();
    if (!here || !bitmap || !cursor) return undefined;
    const [x, y] = paneToPixel(at, view, bitmap, pane);
    const [cx, cy] = toPixel(here.plane, cursor.place).pixel;
    return Math.atan2(y - cy, x - cx);
  }

  /** Puts back what was there before. */
  leave(): void {
    this.dispose();
    const { rows, columns, sets, active } = this.before;
    this.workspace.arrange(rows, columns);
    this.workspace.point(undefined);
    sets.forEach((set, index) => {
      const controller = this.workspace.state().cells[index]?.controller;
      if (set && controller) controller.open(set.phases === this.source.phases ? (set.phases?.sets[this.current.phase] ?? set) : set);
      else controller?.close();
    });
    this.workspace.activate(active);
  }

  dispose(): void {
    this.life.abort();
    this.path.dispose();
    clearTimeout(this.timer);
    this.volumes.dispose();
    this.sources.usePlanes(undefined);
  }

  /** Shows the small volume until its slices have come. */
  private async take(preview: Preview | undefined): Promise<void> {
    const geometry = preview && previewGeometry(preview, this.volume);
    if (!geometry || this.life.signal.aborted || this.current.loaded === this.current.total) return;
    const { slope, intercept } = pictureInfo(this.volume.pictures[0] as Picture).transform;
    const values = this.floating ? preview.values.slice() : preview.values.map((value) => (value - intercept) / slope);
    const held = this.shown;
    const late = held.reslicer?.hasBegun;
    held.reslicer?.usePreview(geometry, values);
    await (late ? this.again() : Promise.all(this.planes.map(({ set }) => held.planes.load(set, this.pictureAt(set, this.place)))));
    if (held === this.shown) this.update({ preview: preview.factor });
  }

  private phaseVolumes(): PhaseVolumes {
    const { store, source, volume, floating, first, server } = this;
    return new PhaseVolumes({ store, source, volume, floating, first, server: this.current.atServer ? server : undefined, cutOf: (id) => this.cutOf(id), current: () => this.current.phase, onProgress: (held) => this.progress(held), onBroken: () => this.toServer() });
  }

  /** Has the archive cut the planes from now on; place, view, window, slab and measurements stay. */
  private toServer(): void {
    const { cursor } = this.workspace.state();
    if (this.current.atServer || this.life.signal.aborted) return;
    if (!this.server) {
      this.update({ failed: this.current.total });
      return;
    }
    this.path.leave();
    this.floating = true;
    this.planes = this.planes.map(({ set, frame }, index) => {
      const name = PLANES[index] as PlaneName;
      return reformat(this.source, this.volume, name, frame, true, set.id.slice(planeId(this.source, name).length));
    });
    this.volumes.dispose();
    this.current = { ...this.current, atServer: true };
    this.volumes = this.phaseVolumes();
    this.shown = this.volumes.get(this.current.phase) as Held;
    this.sources.usePlanes(this.shown.planes);
    this.update({ loaded: this.shown.loaded, drawn: this.shown.loaded, failed: 0 });
    if (cursor) this.show(cursor.place, () => true);
  }

  private placeOf(picture: Picture | undefined): Vector {
    const { geometry, pictures } = this.volume;
    const plane = planeOf(picture) ?? planeOf(pictures[Math.floor(pictures.length / 2)]);
    return plane ? centreOf(plane) : geometry.origin;
  }

  /** Puts the planes in place of what is on screen, as soon as there is something to see in them; until then that stays. */
  async open(): Promise<this> {
    await this.ready;
    if (this.life.signal.aborted) return this;
    const { setting } = this.workspace.active.state();
    this.workspace.arrange(2, 2, 'mpr');
    this.show(this.place, () => true, setting);
    this.workspace.activate(0);
    return this;
  }

  private pictureAt({ pictures }: DisplaySet, place: Vector): Picture {
    return pictures[nearestPicture(pictures, place)?.index ?? 0] as Picture;
  }

  private show(place: Vector, which: (name: PlaneName) => boolean, setting = this.workspace.active.state().setting): void {
    this.workspace.point({ place, FrameOfReferenceUID: this.volume.geometry.FrameOfReferenceUID });
    this.workspace.quietly(() => {
      this.planes.forEach(({ set }, index) => {
        const name = PLANES[index] as PlaneName;
        if (which(name)) this.workspace.state().cells[index]?.controller.replace(set, set.pictures.indexOf(this.pictureAt(set, place)), setting);
      });
    });
  }

  /** How a picture on screen is cut out of the volume. */
  cutOf(id: string): Cut | undefined {
    for (const { cuts, frame } of this.planes) {
      const cut = cuts.get(id);
      const { mode, thickness } = this.current;
      if (cut) return thickness > 0 ? slabOf(cut, frame, this.volume.geometry, thickness, mode) : cut;
    }
    return this.path.cutOf(id);
  }

  /** Cuts what is on screen anew. */
  private async again(): Promise<void> {
    this.shown.planes.forget();
    this.update({ drawn: this.current.loaded });
    await Promise.all(this.workspace.state().cells.map(({ controller }) => controller.refresh()));
  }

  /** The phase on screen sharpens; once it is whole the next one is fetched, and so on while they are whole. */
  private progress(held: Held): void {
    if (held === this.shown) {
      this.update({ loaded: held.loaded, failed: held.failed });
      this.later();
    } else held.planes.forget();
    const count = this.source.phases?.sets.length ?? 1;
    if (count > 1 && held.loaded + held.failed === held.total) this.volumes.fetchAhead(count);
  }

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.again();
    }, SHARPEN);
  }

  private update(change: Partial<MprState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

/** Which plane of the patient a pane shows; none where it shows what lies along a path. */
function planeName(controller: StackController): PlaneName | undefined {
  const name = controller.state().set?.plane;
  return PLANES.find((plane) => plane === name);
}
