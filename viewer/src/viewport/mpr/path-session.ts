// A path drawn through the planes of a volume: its points, and the panes along it once it is finished. Knows panes by their controllers.

import type { Tool } from '../../core/gesture';
import { curveThrough, type Curve } from '../../core/curve';
import { curvedSets, UNTURNED, type Curved, type Slab } from '../../core/curved';
import type { Vector } from '../../core/geometry';
import { History } from '../../core/history';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { distanceToChain } from '../../core/measure/outline';
import { add, planeOf, toPatient, toPixel, type ImagePlane } from '../../core/plane';
import { finestStep } from '../../core/reformat';
import type { Cut } from '../../core/reslice';
import type { DisplaySet } from '../../core/stack';
import { paneToPixel, pixelAt, pixelToPane, type Point } from '../../core/view';
import type { Volume } from '../../core/volume';
import type { DrawnPath } from '../../core/measure/path';
import type { Drag } from '../measure/session';
import type { StackController } from '../stack-controller';
import type { Workspace } from '../workspace';
import type { KeptPath } from './kept-path';

export interface PathState {
  /** `off`: not to be seen; its points are kept for the next time where it had been finished. */
  mode: 'off' | 'drawing' | 'shown';
  points: readonly Vector[];
  /** Of two points or more. */
  curve: Curve | undefined;
  selected: number | undefined;
  /** Across the path, in mm. */
  width: number;
}

export interface PathHost {
  workspace: Workspace;
  source: DisplaySet;
  volume: Volume;
  floating(): boolean;
  /** Where finished paths are kept. */
  kept: Pick<KeptPath, 'read' | 'write' | 'follow'>;
  slab(): Slab;
  /** Why nothing can be straightened, else "". */
  against(): string;
}

/** The panes behind the three planes. */
export const [STRAIGHTENED, SECTION] = [3, 4] as const;
export const [LEAST_WIDTH, MOST_WIDTH] = [20, 200] as const;
const USUAL_WIDTH = 80;
const MOST_STATIONS = 1024;
const OFF: PathState = { mode: 'off', points: [], curve: undefined, selected: undefined, width: USUAL_WIDTH };

/** A pane of a plane, and where things of the patient are in it. */
interface Sheet {
  plane: ImagePlane;
  toPane(place: Vector): Point;
  placeAt(at: Point): Vector;
  isInside(at: Point): boolean;
}

export class PathSession {
  readonly changed = new Signal();
  private readonly history = new History<readonly Vector[]>([]);
  private current = OFF;
  private curved: Curved | undefined;
  private version = 0;
  /** What was last read or written. */
  private known: readonly Vector[] = [];
  private readonly unfollow: () => void;

  constructor(private readonly host: PathHost) {
    this.unfollow = host.kept.follow(() => this.take(host.kept.read()));
  }

  dispose(): void {
    this.unfollow();
  }

  readonly state = (): PathState => this.current;

  /** A path nearer to a plane than this lies in it, in mm. */
  get near(): number {
    return Math.max(2, this.host.slab().thickness / 2);
  }

  cutOf(id: string): Cut | undefined {
    return this.curved?.cutOf(id, this.host.slab());
  }

  /** Begins to draw, or goes on; returns why it cannot, else "". */
  begin(): string {
    const reason = this.host.against();
    if (!reason && this.current.mode === 'off') this.update({ mode: 'drawing' });
    return reason;
  }

  /** Shows what lies along the path; returns what is missing, else "". */
  finish(): string {
    if (!this.current.curve) return t('A path has two points at least: click them in the planes');
    if (this.current.mode === 'shown') return '';
    const { workspace } = this.host;
    workspace.arrange(2, 2, 'curved');
    this.update({ mode: 'shown', selected: undefined });
    this.write();
    this.put(UNTURNED, 0.5);
    workspace.activate(STRAIGHTENED);
    this.goTo(this.controller(SECTION)?.state().index ?? 0);
    return '';
  }

  /** Back to the planes: an unfinished path is given up, the one that was finished last kept. False where there was none. */
  leave(): boolean {
    const { mode, points } = this.current;
    if (mode === 'off') return false;
    if (mode === 'shown') this.close();
    this.update({ mode: 'off', selected: undefined, points: mode === 'shown' ? points : this.known });
    this.keep();
    return true;
  }

  /** Takes away the point that was chosen, else the last one; false where there is none. */
  remove(): boolean {
    const { points, selected, mode } = this.current;
    if (mode === 'off' || points.length === 0) return false;
    const gone = selected ?? points.length - 1;
    this.update({ points: points.filter((_, index) => index !== gone), selected: undefined });
    this.keep();
    return true;
  }

  /** Takes back what was last done to the points; false where there is nothing to take back, or no path is seen. */
  undo(): boolean {
    return this.restore(() => this.history.undo());
  }

  redo(): boolean {
    return this.restore(() => this.history.redo());
  }

  private restore(step: () => boolean): boolean {
    if (this.current.mode === 'off' || !step()) return false;
    this.update({ points: this.history.now, selected: undefined });
    if (this.current.mode === 'shown') this.write();
    return true;
  }

  private keep(): void {
    if (this.history.now !== this.current.points) this.history.push(this.current.points);
    const { mode, points } = this.current;
    if (mode === 'shown' || (points.length === 0 && this.known.length > 0 && mode === 'drawing')) this.write();
  }

  private write(): void {
    const { points, curve, width } = this.current;
    this.known = curve ? points : [];
    this.host.kept.write(curve && { points, width, length: curve.length });
  }

  /** Takes over the path that is kept, as it was changed elsewhere: read, deleted, undone. */
  private take(kept: DrawnPath | undefined): void {
    const points = kept?.points ?? [];
    if (JSON.stringify(points) === JSON.stringify(this.known)) return;
    this.known = points;
    if (this.current.mode === 'drawing') return;
    if (this.current.mode === 'off') this.history.rewrite(() => points);
    else this.history.push(points);
    this.update({ points, selected: undefined, ...(kept ? { width: kept.width } : {}) });
  }

  setWidth(width: number): void {
    this.update({ width: Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width)) });
    if (this.current.mode === 'shown') this.write();
  }

  /** Shows the straightened picture of this number. */
  turnTo(index: number): void {
    this.controller(STRAIGHTENED)?.goTo(index);
  }

  /** Moves the plane across the path to a station; the planes of the patient follow. */
  goTo(index: number): void {
    const section = this.controller(SECTION);
    const station = this.current.curve?.stations[index];
    if (this.current.mode !== 'shown' || !section || !station) return;
    section.goTo(index);
    this.host.workspace.goToPlace(station.place, this.host.volume.geometry.FrameOfReferenceUID, section);
  }

  /** Numbers of the pictures on screen along the path. */
  shown(): { turn: number; at: number } {
    return { turn: this.controller(STRAIGHTENED)?.state().index ?? UNTURNED, at: this.controller(SECTION)?.state().index ?? 0 };
  }

  /** A press: on a point it moves it; with the tool for paths elsewhere it puts one down, on the path between its neighbours. */
  grab(controller: StackController, at: Point, tool: Tool, reach: number): Drag | undefined {
    const { mode, points } = this.current;
    if (mode === 'off') return undefined;
    if (controller.state().set?.plane === 'straightened') return this.slide(controller, at);
    const sheet = controller.state().set?.plane === 'section' ? undefined : sheetOf(controller);
    if (!sheet) return undefined;
    const hit = this.hit(sheet, at, reach);
    if (hit !== undefined) return this.drag(controller, hit, true);
    if (tool !== 'curve') return undefined;
    if (!sheet.isInside(at)) return undefined;
    const place = sheet.placeAt(at);
    const index = this.segmentAt(sheet, at, reach) ?? points.length;
    this.update({ points: [...points.slice(0, index), place, ...points.slice(index)], selected: undefined });
    return this.drag(controller, index, false);
  }

  /** A point in the plane; those before or behind it would be in the way of others that are put down there. */
  private hit({ toPane, plane }: Sheet, [x, y]: Point, reach: number): number | undefined {
    const here = this.current.points.flatMap((point, index) => {
      const [column, row] = toPane(point);
      const away = Math.hypot(column - x, row - y);
      return away <= reach && Math.abs(toPixel(plane, point).distance) <= this.near ? [{ index, away }] : [];
    });
    return here.sort((a, b) => a.away - b.away)[0]?.index;
  }

  /** The point behind a place on the path, where that lies in the plane. */
  private segmentAt({ toPane, plane }: Sheet, at: Point, reach: number): number | undefined {
    const { curve } = this.current;
    const stations = curve?.stations.filter(({ place }) => Math.abs(toPixel(plane, place).distance) <= this.near) ?? [];
    for (let segment = 0; segment < this.current.points.length - 1; segment += 1) {
      const chain = stations.filter((station) => station.segment === segment).map(({ place }) => toPane(place));
      if (chain.length > 1 && distanceToChain(chain, at) <= reach * 0.7) return segment + 1;
    }
    return undefined;
  }

  /** Moves a point within the plane, as deep as it lies from it; a point that was only pressed is chosen. */
  private drag(controller: StackController, index: number, chosen: boolean): Drag {
    const move = (to: Point): void => {
      const sheet = sheetOf(controller);
      const { points } = this.current;
      const point = points[index];
      if (sheet && point) this.update({ points: points.map((other, at) => (at === index ? add(sheet.placeAt(to), sheet.plane.normal, toPixel(sheet.plane, point).distance) : other)), selected: undefined });
    };
    return {
      move,
      end: (to, moved) => {
        if (moved) move(to);
        else if (chosen) this.update({ selected: index });
        this.keep();
      },
    };
  }

  private slide(controller: StackController, at: Point): Drag {
    const move = (to: Point): void => {
      const { bitmap, view, pane } = controller.state();
      if (bitmap) this.goTo(Math.min(bitmap.columns - 1, Math.max(0, Math.round(paneToPixel(to, view, bitmap, pane)[0]))));
    };
    move(at);
    return { move, end: (to, moved) => (moved ? move(to) : undefined) };
  }

  private controller(cell: number): StackController | undefined {
    return this.host.workspace.state().cells[cell]?.controller;
  }

  private close(): void {
    const { workspace } = this.host;
    const { active } = workspace.state();
    this.curved = undefined;
    workspace.arrange(2, 2, 'mpr');
    workspace.activate(active < STRAIGHTENED ? active : 0);
  }

  /** Cuts along the path as it is now, from the same side and at the same part of its length. */
  private put(turn: number, part: number): void {
    const { curve, width } = this.current;
    if (!curve) return;
    const { workspace, source, volume, floating } = this.host;
    this.version += 1;
    this.curved = curvedSets({ source, volume, floating: floating(), width, version: this.version }, curve);
    const { straightened, sections } = this.curved;
    const { setting } = workspace.active.state();
    workspace.quietly(() => {
      this.controller(STRAIGHTENED)?.replace(straightened, turn, setting);
      this.controller(SECTION)?.replace(sections, Math.round(part * (sections.pictures.length - 1)), setting);
    });
  }

  private update(change: Partial<PathState>): void {
    const before = this.current;
    const now = { ...before, ...change };
    const curve = now.points === before.points ? now.curve : curveThrough(now.points, finestStep(this.host.volume.geometry), MOST_STATIONS);
    this.current = { ...now, curve };
    if (now.mode === 'shown' && before.mode === 'shown' && (curve !== before.curve || now.width !== before.width)) this.redraw(before);
    this.changed.emit();
  }

  private redraw({ curve: before }: PathState): void {
    if (!this.current.curve) {
      this.close();
      this.current = { ...this.current, mode: 'drawing' };
      return;
    }
    const { turn, at } = this.shown();
    this.put(turn, before ? at / (before.stations.length - 1) : 0.5);
  }
}

function sheetOf(controller: StackController): Sheet | undefined {
  const { set, shown, bitmap, view, pane } = controller.state();
  const plane = planeOf(set?.pictures[shown]);
  return (
    plane &&
    bitmap && {
      plane,
      toPane: (place) => pixelToPane(toPixel(plane, place).pixel, view, bitmap, pane),
      placeAt: (at) => toPatient(plane, paneToPixel(at, view, bitmap, pane)),
      isInside: (at) => pixelAt(at, view, bitmap, pane) !== undefined,
    }
  );
}
