// The measurements of the open viewer: drawn, moved, removed, undone. Knows panes by their controllers, no DOM.

import { History } from '../../core/history';
import { text } from '../../core/dicom-json';
import { isMeasure, type Tool } from '../../core/gesture';
import { isTextAlone } from '../../core/measure/arrow';
import { isLacking, partsOf, withPart } from '../../core/measure/ellipsoid';
import { apart, inLabel, type LabelBox } from '../../core/measure/label';
import { distanceToChain } from '../../core/measure/outline';
import { pathOf, type DrawnPath } from '../../core/measure/path';
import { calibrationBy, calibrationOf, reasonAgainstCalibration, withoutReplaced, type Calibration } from '../../core/measure/calibration';
import { home, onPlane } from '../../core/measure/carry';
import { USUAL_SHARE } from '../../core/measure/isocontour';
import { changed, movedSphere, USUAL_RADIUS } from '../../core/measure/isocontour-tool';
import { rescaled, withCalibration } from '../../core/measure/rescale';
import { distanceOf, scaleAt } from '../../core/measure/scale';
import { MEASURE_TOOLS } from '../../core/measure/tools';
import type { ReportedSource } from '../../core/measure/reported';
import { MOST_NAME, type ImagePlace, type Isocontour, type Measurement } from '../../core/measure/types';
import { Signal } from '../../core/lifecycle';
import { spacingAt } from '../../core/picture-info';
import { planeOf } from '../../core/plane';
import type { Picture } from '../../core/stack';
import { storedId } from '../../core/subtraction';
import type { Spacing } from '../../core/spacing';
import { paneToPixel, pixelToPane, type Point } from '../../core/view';
import { Isocontours, type IsocontourMeans } from './isocontours';
import { layOut, middle, type Placed } from './lay-out';
import { layOutIsocontour } from './lay-out-isocontour';
import { layOutReported } from './lay-out-reported';
import { aspectOf, scaleOf, valuesOf, type Measured, type MeasuredState, type Shown } from './shown';

export interface MeasureState {
  items: readonly Measurement[];
  draft: Measurement | undefined;
  selected: string | undefined;
  hidden: boolean;
  /** What reports of the open studies measured, and which of these are not shown, by the report. */
  reported: readonly ReportedSource[];
  unshown: ReadonlySet<string>;
  /** A line whose length the user is to tell. */
  asked: AskedLine | undefined;
  /** The arrow whose text is being written, and that text so far. */
  writing: { id: string; text: string } | undefined;
  /** What isocontour regions are cut at next. */
  threshold: Threshold;
}

export type Threshold = Pick<Isocontour, 'share' | 'value'>;

/** A line that may say how large pixels are. */
export interface AskedLine {
  /** Why it may not; then nothing is asked. */
  against: string;
  line: Measurement;
  picture: Picture;
  aspect: number;
  /** What the file says, and how long the line is by it. */
  own: Spacing | undefined;
  length: number;
}

/** What follows a pointer that was pressed on a pane. */
export interface Drag {
  move(at: Point): void;
  end(at: Point, moved: boolean): void;
}

/** A measurement as it lies in a pane: one made here, or one that a report tells. */
export interface Laid {
  item: Pick<Measurement, 'id' | 'colour'> & { kind: string };
  handles: Point[];
  /** What the text may be led from. */
  anchors: readonly Point[];
  chains: { points: Point[]; helper: boolean }[];
  lines: string[];
  label: LabelBox;
  /** What an arrow points at. */
  tip?: Point;
  /** Which of its lines it is. */
  part?: number;
}

/** One that can be worked on. */
export interface OwnLaid extends Laid {
  item: Measurement;
}

/** A line drawn by hand has a point every so many CSS pixels, and is closed by a click so near its first one. */
const [TRACED, CLOSING] = [3, 9];

export class MeasureSession {
  readonly changed = new Signal();
  private readonly history = new History<readonly Measurement[]>([]);
  private current: MeasureState = { items: [], draft: undefined, selected: undefined, hidden: false, reported: [], unshown: new Set(), asked: undefined, writing: undefined, threshold: { share: USUAL_SHARE } };
  private fixed = 0;

  private readonly isocontours: Isocontours;

  /** `pictureOf` finds a picture of the open studies. */
  constructor(
    private readonly pictureOf: (id: string) => Picture | undefined,
    means: IsocontourMeans,
  ) {
    this.isocontours = new Isocontours(means);
    this.isocontours.changed.listen(() => this.settle());
  }

  readonly state = (): MeasureState => this.current;

  undo(): void {
    if (!this.cancelDraft()) this.history.undo();
    this.update({ items: this.history.now, selected: undefined });
  }

  redo(): void {
    this.history.redo();
    this.update({ items: this.history.now });
  }

  /** Deletes one, the selected unless it is named; locked ones stay. */
  remove(named?: string): void {
    const { selected, items } = this.current;
    const id = named ?? selected;
    if ((named === undefined && this.cancelDraft()) || !items.some((item) => item.id === id && !item.locked)) return;
    this.commit(items.filter((item) => item.id !== id));
    this.update({ selected: undefined });
  }

  /** Changes what is said of one: name, colour, lock, hidden. */
  edit(id: string, change: Pick<Partial<Measurement>, 'name' | 'colour' | 'locked' | 'hidden'>): void {
    this.commit(this.current.items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  select(id: string | undefined): void {
    this.update({ selected: id });
  }

  /** Whether a pane shows a PET that a region can be grown in. */
  isPet(pane: MeasuredState): boolean {
    return this.isocontours.source(pane) !== undefined;
  }

  /** The isocontour region that is selected. */
  region(): Measurement | undefined {
    return this.current.items.find(({ id, kind }) => id === this.current.selected && kind === 'isocontour');
  }

  /** What the selected isocontour region, and those to come, are cut at. */
  setThreshold(threshold: Threshold): void {
    this.update({ threshold });
    const region = this.region();
    if (!region?.isocontour || region.locked) return;
    const now = changed({ ...region, isocontour: { suv: region.isocontour.suv, ...threshold } });
    this.commit(this.current.items.map((item) => (item.id === region.id ? now : item)));
  }

  /** A hundredth of the maximum, or a tenth of an SUV, more or less. */
  stepThreshold(direction: 1 | -1): void {
    const { share, value } = this.region()?.isocontour ?? this.current.threshold;
    const stepped = (from: number, step: number, least: number, most: number): number => Math.min(most, Math.max(least, Math.round((from + direction * step) * 100) / 100));
    this.setThreshold(value === undefined ? { share: stepped(share ?? USUAL_SHARE, 0.01, 0.05, 0.95) } : { value: stepped(value, 0.1, 0.5, 20) });
  }

  /** Takes over what regions that were grown measure. */
  private settle(): void {
    const settled = (items: readonly Measurement[]): readonly Measurement[] =>
      items.map((item) => {
        if (item.kind !== 'isocontour' || item.values) return item;
        const { values, contours, image } = this.isocontours.of(item)?.item ?? {};
        return values && contours && image ? { ...item, values, contours, image } : item;
      });
    const now = this.history.now;
    this.history.rewrite(settled);
    this.update(this.current.items === now ? { items: this.history.now } : {});
  }

  /** Keeps a path of a series in place of the one before; without a path, none. Another width alone is no step that can be undone. */
  keepPath(image: ImagePlace, path: DrawnPath | undefined): void {
    const { items } = this.current;
    const before = pathOf(items, image.SeriesInstanceUID);
    if (!path || !before) {
      if (path) this.commit([...items, { id: newId(), kind: 'path', pictureId: `path:${image.SeriesInstanceUID}`, points: [], image, path }]);
      else if (before) this.commit(items.filter(({ id }) => id !== before.id));
      return;
    }
    const change = (all: readonly Measurement[]): readonly Measurement[] => all.map((item) => (item.id === before.id ? { ...item, path } : item));
    const moved = JSON.stringify(before.path?.points) !== JSON.stringify(path.points);
    if (moved) this.commit(change(items));
    else this.history.rewrite((all) => all.map((item) => (item.id === before.id && item.path ? { ...item, path: { ...item.path, width: path.width } } : item)));
    this.update({ items: this.history.now });
  }

  /** Takes over what was changed elsewhere; undo and redo do not bring back the time before. */
  rewrite(change: (items: readonly Measurement[]) => readonly Measurement[]): void {
    this.history.rewrite((items) => rescaled(change(items).filter(({ kind }) => kind in MEASURE_TOOLS), this.pictureOf));
    this.update({ items: this.history.now });
  }

  /** The calibration by hand that holds for a picture. */
  calibration(picture: Picture | undefined): Calibration | undefined {
    return picture && calibrationOf(this.current.items, picture);
  }

  /** Asks for the length of the selected line of a pane; false where there is none. */
  calibrateSelected(pane: MeasuredState): boolean {
    const shown = this.shownOf(pane);
    const line = shown && this.own(pane).find(({ item: { id, kind } }) => id === this.current.selected && (kind === 'length' || kind === 'calibration'))?.item;
    if (!line) return false;
    this.ask(line, shown);
    return true;
  }

  /** The line that was asked about is so many mm long, on its image or its whole series. */
  calibrate(known: number, series: boolean): void {
    const { asked, items } = this.current;
    const calibration = asked && calibrationBy(asked.line.points, known, series, asked.picture, asked.aspect);
    this.update({ asked: undefined });
    if (!asked || asked.against || !calibration) return;
    const { id, pictureId, points, image } = asked.line;
    const made: Measurement = { id: asked.line.kind === 'calibration' ? id : newId(), kind: 'calibration', pictureId, points, calibration, ...(image ? { image } : {}) };
    this.commit([...withoutReplaced(items, made).filter((item) => item.id !== id), made]);
    this.update({ selected: made.id });
  }

  /** Leaves the line that was asked about as it is. */
  leaveAsked(): void {
    this.update({ asked: undefined });
  }

  private ask(line: Measurement, { picture, bitmap }: Shown): void {
    const aspect = bitmap.pixelHeight / bitmap.pixelWidth;
    const own = spacingAt(picture, line.points[0]);
    const length = own ? distanceOf(line.points[0] as Point, line.points[1] as Point, scaleAt(picture, line.points, aspect)) : 0;
    this.update({ asked: { against: reasonAgainstCalibration(picture), line, picture, aspect, own, length } });
  }

  private shownOf({ set, shown, bitmap, setting }: MeasuredState): Shown | undefined {
    const picture = set?.pictures[shown];
    if (!picture || !bitmap) return undefined;
    const calibration = this.calibration(picture);
    return { picture, bitmap, suv: setting.suv, ...(calibration ? { calibration } : {}) };
  }

  toggleHidden(): void {
    this.update({ hidden: !this.current.hidden, selected: undefined });
  }

  /** Gives up what is being drawn, else deselects; false where there was nothing to give up. */
  cancel(): boolean {
    const { draft, selected } = this.current;
    if (!draft && !selected) return false;
    if (!draft) this.giveUp(selected);
    this.update({ draft: undefined, writing: undefined, selected: undefined });
    return true;
  }

  /** Removes an ellipsoid that lacks diameters. */
  private giveUp(id: string | undefined): void {
    const { items } = this.current;
    if (items.some((item) => item.id === id && !item.locked && isLacking(item))) this.commit(items.filter((item) => item.id !== id));
  }

  /** The ellipsoid that a further diameter on this picture belongs to. */
  private lacking({ picture }: Shown): Measurement | undefined {
    const study = text(picture.instance.dataSet, 'StudyInstanceUID');
    return this.current.items.findLast((item) => isLacking(item) && !item.locked && item.image?.StudyInstanceUID === study);
  }

  private cancelDraft(): boolean {
    if (!this.current.draft) return false;
    this.update({ draft: undefined, writing: undefined });
    return true;
  }

  /** What is written so far beside the arrow. */
  write(text: string): void {
    const { writing } = this.current;
    if (writing) this.update({ writing: { ...writing, text: text.slice(0, MOST_NAME) } });
  }

  /** Keeps what was written, or leaves it. A new arrow stays without a text, a text alone does not. */
  endWriting(kept: boolean): void {
    const { writing, draft, items } = this.current;
    if (!writing) return;
    const name = kept ? writing.text.trim() : '';
    this.update({ writing: undefined, ...(draft?.id === writing.id ? { draft: undefined } : {}) });
    if (draft?.id === writing.id) {
      if (!name && isTextAlone(draft)) return;
      this.commit([...items, { ...draft, ...(name ? { name } : {}) }]);
      this.update({ selected: draft.id });
    } else if (kept && items.some((item) => item.id === writing.id && (item.name ?? '') !== name)) this.edit(writing.id, { name });
  }

  /** Begins to change the text of the arrow whose text lies here; false where there is none. */
  writeAt(controller: Measured, at: Point): boolean {
    const found = this.own(controller.state()).find(({ item, label }) => item.kind === 'arrow' && !item.locked && inLabel(label, at))?.item;
    if (found && this.current.writing?.id !== found.id) this.update({ writing: { id: found.id, text: found.name ?? '' } });
    return found !== undefined;
  }

  /** Takes over what the reports of the open studies measured. */
  setReported(reported: readonly ReportedSource[]): void {
    this.update({ reported });
  }

  /** Shows or hides what a report measured. */
  toggleReport(SOPInstanceUID: string): void {
    const unshown = new Set(this.current.unshown);
    if (!unshown.delete(SOPInstanceUID)) unshown.add(SOPInstanceUID);
    this.update({ unshown, hidden: false });
  }

  /** The measurements of the picture in a pane, laid out, those of reports first. */
  laid(pane: MeasuredState): Laid[] {
    const shown = this.shownOf(pane);
    if (!shown || this.current.hidden) return [];
    const told = this.told(shown, pane);
    return [...told, ...labelledApart(this.ownLaid(shown, pane), told, pane)];
  }

  private told({ picture, bitmap }: Shown, pane: MeasuredState): Laid[] {
    const { reported, unshown } = this.current;
    const told = reported.filter(({ SOPInstanceUID }) => !unshown.has(SOPInstanceUID)).flatMap(({ measurements }) => measurements);
    return labelledApart(told.flatMap((one) => layOutReported(one, picture, bitmap, pane)), [], pane);
  }

  private own(pane: MeasuredState): OwnLaid[] {
    const shown = this.shownOf(pane);
    return shown && !this.current.hidden ? labelledApart(this.ownLaid(shown, pane), this.told(shown, pane), pane) : [];
  }

  private ownLaid(shown: Shown, pane: MeasuredState): OwnLaid[] {
    const { items, draft } = this.current;
    const plane = planeOf(shown.picture);
    const shownItems = items.filter(({ hidden }) => !hidden);
    const here = shownItems.filter(({ kind }) => kind !== 'isocontour').flatMap((whole) =>
      partsOf(whole).flatMap((one, part) => {
        const item = one.pictureId === storedId(shown.picture.id) ? one : onPlane(one, plane);
        return item ? [{ item, whole, part }] : [];
      }),
    );
    if (draft?.pictureId === storedId(shown.picture.id)) here.push({ item: draft, ...this.begun(draft, shown) });
    const spheres = shownItems.filter(({ kind }) => kind === 'isocontour').flatMap((item) => layOutIsocontour(item, plane, (one) => this.isocontours.of(one), shown.bitmap, pane) ?? []);
    return [...spheres, ...here.map((one) => layOut(one, shown, pane, one.item === draft))];
  }

  /** What a line that is being drawn will belong to. */
  private begun(draft: Measurement, shown: Shown): Pick<Placed, 'whole' | 'part'> {
    const whole = draft.kind === 'ellipsoid' ? this.lacking(shown) : undefined;
    return whole ? { whole: withPart(whole, partsOf(whole).length, valued(draft, shown)), part: partsOf(whole).length } : { whole: draft, part: 0 };
  }

  /** What a press at this point begins; undefined where it is for the pane itself. */
  grab(controller: Measured, at: Point, tool: Tool, reach: number): Drag | undefined {
    this.endWriting(true);
    const pane = controller.state();
    const shown = this.shownOf(pane);
    if (!shown || shown.bitmap.reduced) return undefined; // its values are still to come
    if (this.current.draft?.pictureId === storedId(shown.picture.id)) return this.place(controller, at);
    this.update({ draft: undefined });
    const hit = this.hit(controller, at, reach);
    if (hit) return hit;
    this.update({ selected: undefined });
    const source = tool === 'isocontour' ? this.isocontours.source(pane) : undefined;
    if (!isMeasure(tool) || isStraightened(shown.picture) || (tool === 'isocontour' && (!source || !planeOf(shown.picture)))) return undefined;
    const point = paneToPixel(at, pane.view, shown.bitmap, pane.pane);
    this.fixed = 0;
    const region = source && { image: this.isocontours.imageOf(source.set), isocontour: { ...this.current.threshold, suv: source.suv } };
    this.update({ hidden: false, draft: { id: newId(), kind: tool, pictureId: storedId(shown.picture.id), points: [point], image: imageOf(shown), ...region } });
    return this.place(controller, at);
  }

  /** Lets the point that is being placed follow the pointer. */
  hover(controller: Measured, at: Point): void {
    const { draft, writing } = this.current;
    const pane = controller.state();
    const shown = this.shownOf(pane);
    if (!draft || writing || !shown || draft.pictureId !== storedId(shown.picture.id)) return;
    const point = paneToPixel(at, pane.view, shown.bitmap, pane.pane);
    this.update({ draft: { ...draft, points: [...draft.points.slice(0, -1), point] } });
  }

  /** A line drawn by hand: dragging leaves points behind it, a click a corner; a click on the first one closes it. */
  private trace(controller: Measured, start: Point): Drag {
    const leave = (at: Point): void => {
      const { draft } = this.current;
      this.hover(controller, at);
      const end = this.current.draft?.points.at(-1);
      if (draft && end) this.update({ draft: { ...draft, points: [...draft.points.slice(0, -1), end, end] } });
    };
    let last = start;
    const drawn = (): readonly Point[] => this.current.draft?.points.slice(0, -1) ?? [];
    const close = (): void => {
      const { draft } = this.current;
      if (draft) this.finish({ ...draft, points: drawn() }, controller);
    };
    const first = drawn()[0];
    const { view, bitmap, pane } = controller.state();
    const begun = first && bitmap && pixelToPane(first, view, bitmap, pane);
    const closes = drawn().length > 2 && begun !== undefined && Math.hypot(begun[0] - start[0], begun[1] - start[1]) <= CLOSING;
    if (!closes) leave(start);
    return {
      move: (to) => {
        if (Math.hypot(to[0] - last[0], to[1] - last[1]) < TRACED) return;
        last = to;
        leave(to);
      },
      end: (_, moved) => {
        if (closes || (moved && drawn().length > 2)) close();
      },
    };
  }

  /** A press puts a point down; dragging from there puts the next one down where it ends. */
  private place(controller: Measured, at: Point): Drag {
    if (this.current.draft?.kind === 'freehand') return this.trace(controller, at);
    this.hover(controller, at);
    this.putDown();
    return {
      move: (to) => this.hover(controller, to),
      end: (to, moved) => {
        const { draft } = this.current;
        if (!draft) return;
        const { clicks } = MEASURE_TOOLS[draft.kind];
        if (moved) this.hover(controller, to);
        if (moved && this.fixed < clicks) this.putDown();
        if (!moved && draft.kind === 'arrow') this.finish({ ...draft, points: draft.points.slice(0, 1) }, controller);
        else if (!moved && draft.kind === 'isocontour') this.finish(ofUsualSize(draft, controller.picture), controller);
        else if (this.fixed >= clicks && this.current.draft) this.finish(this.current.draft, controller);
      },
    };
  }

  private putDown(): void {
    const { draft } = this.current;
    if (!draft) return;
    this.fixed += 1;
    if (this.fixed < MEASURE_TOOLS[draft.kind].clicks) this.update({ draft: { ...draft, points: [...draft.points, draft.points.at(-1) as Point] } });
  }

  private finish(draft: Measurement, controller: Measured): void {
    const shown = this.shownOf(controller.state());
    const [first] = draft.points;
    const flat = draft.points.length > 1 && draft.points.every(([x, y]) => first && Math.hypot(x - first[0], y - first[1]) < 0.05);
    this.update({ draft: undefined });
    if (!shown || flat) return;
    if (draft.kind === 'calibration') {
      this.ask(draft, shown);
      return;
    }
    const plane = planeOf(shown.picture);
    if (draft.kind === 'isocontour') {
      this.commit([...this.current.items, { ...draft, ...(plane ? { plane } : {}) }]);
      this.update({ selected: draft.id });
      return;
    }
    if (draft.kind === 'arrow') {
      this.update({ draft: { ...draft, ...(plane ? { plane } : {}) }, writing: { id: draft.id, text: '' } });
      return;
    }
    const ellipsoid = draft.kind === 'ellipsoid' ? this.lacking(shown) : undefined;
    if (ellipsoid) {
      const part = valued({ ...draft, ...(plane ? { plane } : {}) }, shown);
      this.commit(this.current.items.map((item) => (item.id === ellipsoid.id ? withPart(item, partsOf(item).length, part) : item)));
      this.update({ selected: ellipsoid.id });
      return;
    }
    const points = MEASURE_TOOLS[draft.kind].complete?.(draft.points, scaleOf(shown, draft.points)) ?? draft.points;
    this.commit([...this.current.items, valued({ ...draft, points, ...(plane ? { plane } : {}) }, shown)]);
    this.update({ selected: draft.id });
  }

  private hit(controller: Measured, at: Point, reach: number): Drag | undefined {
    for (const laid of this.own(controller.state()).reverse()) {
      if (laid.item.kind === 'isocontour') {
        const grabbed = this.grabSphere(controller, laid, at, reach);
        if (grabbed) return grabbed;
        continue;
      }
      const handle = laid.handles.findIndex(([x, y]) => Math.hypot(x - at[0], y - at[1]) <= reach);
      if (handle >= 0) return this.drag(controller, laid, (item, shown, to) => ({ ...item, points: MEASURE_TOOLS[item.kind].move(item.points, handle, to, scaleOf(shown, item.points)) }));
      if (inLabel(laid.label, at) && laid.item.kind === 'arrow') return this.shift(controller, laid, at, laid.item.points.length - 1);
      if (inLabel(laid.label, at)) return this.drag(controller, laid, (item, _, to) => ({ ...item, label: minus(to, middle(item.points)) }));
      if (laid.chains.some(({ points, helper }) => !helper && distanceToChain(points, at) <= reach * 0.7)) return this.shift(controller, laid, at);
    }
    return undefined;
  }

  /** The middle moves the sphere, its surface sizes it; its border and text select it. */
  private grabSphere(controller: Measured, laid: OwnLaid, at: Point, reach: number): Drag | undefined {
    const { item, handles, label, chains } = laid;
    const handle = handles.findIndex(([x, y]) => Math.hypot(x - at[0], y - at[1]) <= reach);
    const near = chains.some(({ points }) => distanceToChain(points, at) <= reach * 0.7);
    if (handle < 0 && !near && !inLabel(label, at)) return undefined;
    if (handle < 0) {
      this.update({ selected: item.id });
      return { move: () => undefined, end: () => undefined };
    }
    return this.drag(controller, laid, (original, { picture }, to) => {
      const plane = planeOf(picture);
      return plane ? movedSphere(original, plane, handle, to, storedId(picture.id)) : original;
    });
  }

  /** Moves it as a whole, or its points from one on. */
  private shift(controller: Measured, laid: OwnLaid, at: Point, first = 0): Drag | undefined {
    const pane = controller.state();
    const shown = this.shownOf(pane);
    if (!shown) return undefined;
    const start = paneToPixel(at, pane.view, shown.bitmap, pane.pane);
    return this.drag(controller, laid, (original, _, to) => ({ ...original, points: original.points.map(([x, y], index): Point => (index < first ? [x, y] : [x + to[0] - start[0], y + to[1] - start[1]])) }));
  }

  private drag(controller: Measured, { item, part = 0 }: OwnLaid, change: (item: Measurement, shown: Shown, to: Point) => Measurement): Drag {
    this.update({ selected: item.id });
    if (item.locked) return { move: () => undefined, end: () => undefined };
    const { items } = this.current;
    const changed = (at: Point): readonly Measurement[] => {
      const pane = controller.state();
      const shown = this.shownOf(pane);
      if (!shown) return items;
      const to = paneToPixel(at, pane.view, shown.bitmap, pane.pane);
      const now = change(item, shown, to);
      return items.map((other) => (other.id !== item.id ? other : item.kind === 'isocontour' ? now : withPart(other, part, returned(valued(now, shown), shown.picture, partsOf(other)[part] ?? other))));
    };
    return {
      move: (at) => this.update({ items: changed(at) }),
      end: (at, moved) => {
        if (moved) this.commit(changed(at));
      },
    };
  }

  private commit(changed: readonly Measurement[]): void {
    const items = rescaled(changed, this.pictureOf);
    this.history.push(items);
    this.update({ items });
  }

  private update(change: Partial<MeasureState>): void {
    this.current = { ...this.current, ...change };
    for (const item of change.items ?? []) if (item.kind === 'isocontour' && !item.values) this.isocontours.of(item);
    this.changed.emit();
  }
}

/** With texts that lie neither on each other nor on those of `others`, unless they were put there. */
function labelledApart<T extends Laid>(laid: readonly T[], others: readonly Laid[], { pane }: MeasuredState): T[] {
  const boxes = [...others.map(({ label }) => ({ box: label, fixed: true })), ...laid.map(({ label, tip, lines, item }) => ({ box: label, fixed: tip !== undefined || lines.length === 0 || (item as Partial<Measurement>).label !== undefined }))];
  const labels = apart(boxes, pane).slice(others.length);
  return laid.map((one, index) => ({ ...one, label: labels[index] ?? one.label }));
}

/** In a straightened picture nothing has a place that a measurement could be kept at. */
export const isStraightened = ({ path }: Picture): boolean => path?.kind === 'straightened';

/** A sphere as large as most are, where only its middle was said. */
function ofUsualSize(draft: Measurement, picture: Picture | undefined): Measurement {
  const [centre] = draft.points as [Point];
  return { ...draft, points: [centre, [centre[0] + USUAL_RADIUS / (planeOf(picture)?.columnStep ?? 1), centre[1]]] };
}

const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function imageOf({ picture }: Shown): ImagePlace {
  const { dataSet, SOPInstanceUID } = picture.instance;
  const reformatted = storedId(picture.id) !== `${SOPInstanceUID}/${picture.frame}`;
  return { StudyInstanceUID: text(dataSet, 'StudyInstanceUID'), SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'), SOPInstanceUID, frame: picture.frame, reformatted };
}

/** With what it measures on this picture, as numbers. */
function valued(item: Measurement, shown: Shown): Measurement {
  if (item.kind === 'calibration') {
    const said = item.calibration && calibrationBy(item.points, item.calibration.known, item.calibration.series, shown.picture, aspectOf(shown));
    return said ? withCalibration(item, said) : item;
  }
  const scale = scaleOf(shown, item.points);
  return withCalibration({ ...item, values: MEASURE_TOOLS[item.kind].values(item.points, { scale, values: valuesOf(shown) }), source: scale.provenance }, item.plane ? undefined : shown.calibration);
}

/** What was changed on this picture, back on the one it was drawn on. */
const returned = (changed: Measurement, picture: Picture, original: Measurement): Measurement => (storedId(picture.id) === original.pictureId ? changed : home(changed, planeOf(picture), original));

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1]];
