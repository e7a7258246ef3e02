// The panes of an open viewer: how they are laid out, which one is active, and what links them. No DOM events, no React.

import type { Vector } from '../core/geometry';
import { Signal } from '../core/lifecycle';
import { LINKS, linkedIndex, linkedView, type Anchor, type Links } from '../core/links';
import { add, centreOf, nearestCentre, nearestPicture, planeOf, sharesSpace, toPatient, toPixel } from '../core/plane';
import { isAlongPath, type DisplaySet } from '../core/stack';
import { imageSize, paneToPixel, type Point } from '../core/view';
import type { PictureStore } from './picture-store';
import { StackController, type PaneState } from './stack-controller';

export interface Cell {
  id: number;
  controller: StackController;
}

export interface WorkspaceState {
  rows: number;
  columns: number;
  /** `mpr`: three panes, the first one large; `curved`: a straightened picture and the plane across its path above them. */
  arrangement: 'grid' | 'mpr' | 'curved';
  cells: readonly Cell[];
  active: number;
  maximised: boolean;
  links: Links;
  /** The place in the patient that was pointed at, shown in every pane of its frame of reference. */
  cursor: { place: Vector; FrameOfReferenceUID: string } | undefined;
}

/** Panes of an arrangement that is no grid. */
const PANES: Readonly<Partial<Record<WorkspaceState['arrangement'], number>>> = { mpr: 3, curved: 5 };
export const MOST_ROWS = 4;
export const MOST_COLUMNS = 5;

export class Workspace {
  readonly changed = new Signal();
  private readonly pool: Cell[] = [];
  private readonly seen = new Map<number, PaneState>();
  private current: WorkspaceState;
  private following = false;
  private readonly anchors = new Map<string, Anchor & { leftAt: number }>();

  constructor(private readonly store: PictureStore) {
    this.current = { rows: 1, columns: 1, arrangement: 'grid', cells: [this.cell(0)], active: 0, maximised: false, links: LINKS, cursor: undefined };
  }

  readonly state = (): WorkspaceState => this.current;

  get active(): StackController {
    return (this.current.cells[this.current.active] ?? this.cell(0)).controller;
  }

  activate(index: number): void {
    if (index !== this.current.active && index >= 0 && index < this.current.cells.length) this.update({ active: index });
  }

  /** The next pane, round and round. */
  next(by: 1 | -1): void {
    const { active, cells } = this.current;
    this.activate((active + by + cells.length) % cells.length);
  }

  arrange(rows: number, columns: number, arrangement: WorkspaceState['arrangement'] = 'grid'): void {
    const count = PANES[arrangement] ?? rows * columns;
    const cells = Array.from({ length: count }, (_, index) => this.cell(index));
    for (const { controller } of this.current.cells.slice(count)) controller.close();
    const active = Math.min(this.current.active, count - 1);
    this.update({ rows, columns, arrangement, cells, active, maximised: false });
  }

  toggleMaximised(): boolean {
    if (this.current.cells.length < 2) return false;
    this.update({ maximised: !this.current.maximised });
    return true;
  }

  link(change: Partial<Links>): void {
    this.anchors.clear();
    this.update({ links: { ...this.current.links, ...change } });
  }

  /** Newer states of the sets that are open. */
  adopt(sets: readonly DisplaySet[]): void {
    for (const { controller } of this.current.cells) {
      const id = controller.state().set?.id;
      const newer = sets.find((set) => set.id === id);
      if (newer) controller.adopt(newer);
    }
  }

  /** Points at what lies under a point of a pane: every other pane goes to the picture nearest to it. */
  pointAt(controller: StackController, at: Point): void {
    const { set, shown, bitmap, view, pane } = controller.state();
    const plane = planeOf(set?.pictures[shown]);
    if (!plane || !bitmap) return;
    this.goToPlace(toPatient(plane, paneToPixel(at, view, bitmap, pane)), plane.FrameOfReferenceUID, controller);
  }

  goToPlace(place: Vector, FrameOfReferenceUID: string, from?: StackController): void {
    this.anchors.clear();
    this.update({ cursor: { place, FrameOfReferenceUID } });
    this.quietly(() => {
      for (const { controller } of this.current.cells) {
        const { set, index } = controller.state();
        const plane = planeOf(set?.pictures[index]);
        if (controller === from || !set || plane?.FrameOfReferenceUID !== FrameOfReferenceUID) continue;
        const nearest = set.plane === 'section' ? nearestCentre(set.pictures, place) : nearestPicture(set.pictures, place);
        if (nearest) controller.goTo(nearest.index);
      }
    });
  }

  /** Sets the place alone; no pane moves. */
  point(cursor: WorkspaceState['cursor']): void {
    this.update({ cursor });
  }

  forgetCursor(): boolean {
    if (!this.current.cursor || this.current.arrangement !== 'grid') return false;
    this.update({ cursor: undefined });
    return true;
  }

  dispose(): void {
    for (const { controller } of this.pool) controller.dispose();
  }

  /** Runs without linking, so that what follows does not lead in turn. */
  quietly(work: () => void): void {
    const before = this.following;
    this.following = true;
    work();
    this.following = before;
  }

  private cell(index: number): Cell {
    const known = this.pool[index];
    if (known) return known;
    const made = { id: index, controller: new StackController(this.store) };
    this.pool[index] = made;
    this.seen.set(index, made.controller.state());
    made.controller.changed.listen(() => this.follow(made));
    return made;
  }

  private follow({ id, controller }: Cell): void {
    const [before, now] = [this.seen.get(id) as PaneState, controller.state()];
    this.seen.set(id, now);
    if (this.current.cells.length > 1 && (now.shown !== before.shown || now.set !== before.set)) this.update({});
    if (this.current.arrangement !== 'grid' && !this.following && now.index !== before.index) this.carryCursor(now, controller);
    if (this.following || !now.set || before.set?.id !== now.set.id) return;
    this.quietly(() => {
      for (const other of this.current.cells) if (other.id !== id) this.carry(before, now, other.controller);
    });
  }

  /** Scrolling a plane of a volume moves the crosshair with it, scrolling along a path the planes, too. */
  private carryCursor({ set, index }: PaneState, controller: StackController): void {
    const plane = planeOf(set?.pictures[index]);
    const { cursor } = this.current;
    if (!plane || !cursor) return;
    if (set?.plane === 'section') {
      this.goToPlace(centreOf(plane), plane.FrameOfReferenceUID, controller);
      return;
    }
    this.update({ cursor: { ...cursor, place: add(cursor.place, plane.normal, -toPixel(plane, cursor.place).distance) } });
  }

  private carry(before: PaneState, now: PaneState, other: StackController): void {
    const { links, arrangement } = this.current;
    const planes = arrangement !== 'grid'; // of one volume: they look alike
    const state = other.state();
    if (!now.set || !state.set || state.set.pictures.length === 0) return;
    const alongPath = isAlongPath(now.set) || isAlongPath(state.set);
    if (now.index !== before.index && !alongPath) {
      const index = linkedIndex(now.set, now.index, state.set, this.anchor(before, now.set, state), links);
      if (index !== undefined) other.goTo(index);
      const anchor = this.anchors.get(`${now.set.id} ${state.set.id}`);
      if (anchor) anchor.leftAt = other.state().index;
    }
    if ((links.window || planes) && now.setting !== before.setting && state.set.modality === now.set.modality) other.follow({ ...now.setting, automatic: (planes ? now : state).setting.automatic });
    if (links.view && !alongPath && now.view !== before.view && now.bitmap && state.bitmap) other.setView(linkedView(now.view, imageSize(state.bitmap).width / imageSize(now.bitmap).width));
  }

  /** Where the two were when one began to lead the other, so that steps of different size do not add up to an error. */
  private anchor(before: PaneState, set: DisplaySet, other: PaneState): Anchor {
    const key = `${set.id} ${other.set?.id}`;
    const known = this.anchors.get(key);
    if (known?.leftAt === other.index) return known;
    const made = { own: before.index, other: other.index, leftAt: other.index };
    this.anchors.set(key, made);
    return made;
  }

  private update(change: Partial<WorkspaceState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

/** The pane whose picture the others show as a line: the active one. */
export function lineSource(workspace: WorkspaceState, controller: StackController): PaneState[] {
  return workspace.cells.filter((cell, index) => cell.controller !== controller && (workspace.arrangement !== 'grid' || index === workspace.active)).map((cell) => cell.controller.state()).filter(({ set, shown }) => {
    const [a, b] = [planeOf(set?.pictures[shown]), planeOf(controller.state().set?.pictures[controller.state().shown])];
    return a && b && sharesSpace(a, b);
  });
}
