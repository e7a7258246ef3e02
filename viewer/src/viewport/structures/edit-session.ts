// A segmentation that is being painted on a series: strokes, thresholds, growing regions, undo, saving. Knows no DOM.

import { History } from '../../core/history';
import { Signal } from '../../core/lifecycle';
import type { PaintTool } from '../../core/gesture';
import type { Vector } from '../../core/geometry';
import { t } from '../../core/language';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import { planeOf, toPatient, toPixel, type ImagePlane } from '../../core/plane';
import { colourOf } from '../../core/structures/cielab';
import { erased, grown, ontoSlice, painted, runsOf, touched, type Painted, type SliceValues, type Touched } from '../../core/structures/paint';
import { PROPERTIES, propertyText, type Property } from '../../core/structures/properties';
import { gridOf, measureMask, middleOfMask, sampleMask, sliceAt, wholeSlice, type MaskSlice, type MaskSlices, type SliceGrid } from '../../core/structures/slice-grid';
import type { DisplaySet, Picture } from '../../core/stack';
import { paneToPixel, type Point } from '../../core/view';
import { storeSegmentation, type PaintedSegmentation, type StoredSegmentation } from '../../net/segmentation-client';
import type { PictureStore } from '../picture-store';
import type { Drag } from '../measure/session';
import type { StackController } from '../stack-controller';
import type { Structure, StructureObject } from './objects';

export interface EditSegment {
  number: number;
  label: string;
  colour: string;
  property: Property;
}

export interface EditState {
  segments: readonly EditSegment[];
  active: number;
  /** Of the brush, in mm. */
  radius: number;
  /** Brushes are spheres and regions grow through the slices. */
  through: boolean;
  low: number;
  high: number;
  label: string;
  kind: PaintedSegmentation['kind'];
  /** Something was painted that is not saved. */
  dirty: boolean;
  busy: boolean;
  note: string;
}

export const [LEAST_RADIUS, MOST_RADIUS] = [0.5, 80];
export const DRAFT = 'draft';
/** Beyond this many segments a label map of 8 bits is full. */
const MOST_SEGMENTS = 255;

export interface Canvas {
  source: DisplaySet;
  grid: SliceGrid;
  /** The picture of each slice. */
  pictures: readonly Picture[];
}

/** What a set gives to paint on, or why it gives nothing. */
export function canvasOf(source: DisplaySet): Canvas | { reason: string } {
  const planes = source.pictures.map(planeOf);
  if (source.plane || planes.length === 0 || planes.some((plane) => !plane?.FrameOfReferenceUID)) return { reason: t('these images have no place in the patient') };
  const answer = gridOf(planes as ImagePlane[], undefined);
  if ('reason' in answer) return { reason: answer.reason.replace(t('its frames'), t('these images')) };
  const pictures: Picture[] = [];
  answer.slice.forEach((slice, index) => (pictures[slice] ??= source.pictures[index] as Picture));
  return { source, grid: answer.grid, pictures };
}

export class EditSession {
  readonly changed = new Signal();
  private readonly history = new History<Painted>(new Map());
  private now: Painted = new Map();
  private current: EditState;
  private measured = new Map<number, { of: MaskSlices; structure: Pick<Structure, 'volume' | 'voxels' | 'middle'> }>();

  constructor(
    readonly canvas: Canvas,
    private readonly store: PictureStore,
    range: readonly [number, number],
    private readonly show: (draft: StructureObject) => void,
    private readonly send: typeof storeSegmentation = storeSegmentation,
  ) {
    const { grid } = canvas;
    const radius = Math.max(LEAST_RADIUS, Math.round(Math.max(grid.columns * grid.columnStep, grid.rows * grid.rowStep) / 40));
    this.current = { segments: [segmentOf(1)], active: 1, radius, through: false, low: range[0], high: range[1], label: t('Segmentation'), kind: 'binary', dirty: false, busy: false, note: '' };
    this.publish();
  }

  readonly state = (): EditState => this.current;

  set(change: Partial<Pick<EditState, 'active' | 'radius' | 'through' | 'low' | 'high' | 'label' | 'kind'>>): void {
    const radius = Math.min(MOST_RADIUS, Math.max(LEAST_RADIUS, change.radius ?? this.current.radius));
    this.update({ ...change, radius });
  }

  resize(factor: number): void {
    this.set({ radius: Math.round(this.current.radius * factor * 10) / 10 });
  }

  addSegment(): void {
    const { segments } = this.current;
    if (segments.length >= MOST_SEGMENTS) return;
    const number = Math.max(0, ...segments.map((one) => one.number)) + 1;
    this.update({ segments: [...segments, segmentOf(number)], active: number });
    this.publish();
  }

  editSegment(number: number, change: Partial<Omit<EditSegment, 'number'>>): void {
    this.update({ segments: this.current.segments.map((one) => (one.number === number ? { ...one, ...change } : one)) });
    this.publish();
  }

  /** Takes a segment and what was painted of it away; the last one stays. */
  removeSegment(number: number): void {
    const segments = this.current.segments.filter((one) => one.number !== number);
    if (segments.length === 0) return;
    const rest = new Map(this.now);
    rest.delete(number);
    this.update({ segments, active: segments[0]?.number ?? 1 });
    this.commit(rest);
  }

  /** Begins with what another segmentation has, as the nearest voxels of this series. */
  adopt(object: StructureObject): void {
    const masks = new Map<number, MaskSlices>();
    const segments: EditSegment[] = [];
    for (const { name, colour, codes, shape } of object.structures) {
      if (shape.kind !== 'mask') continue;
      const number = segments.length + 1;
      segments.push({ ...segmentOf(number), label: name, colour, property: codes ?? PROPERTIES[0] });
      masks.set(number, this.resampled(shape.grid, shape.slices));
    }
    if (segments.length === 0) return;
    this.update({ segments, active: 1, label: object.title });
    this.commit(masks);
  }

  undo(): void {
    if (this.history.undo()) this.restore();
  }

  redo(): void {
    if (this.history.redo()) this.restore();
  }

  /** What a press with a tool begins; undefined where this pane shows something else. */
  grab(controller: StackController, at: Point, tool: PaintTool): Drag | undefined {
    const first = this.placeAt(controller, at);
    if (!first || this.current.busy) return undefined;
    if (tool === 'grow') return { move: () => undefined, end: (to) => void this.grow(controller, to) };
    let before = first;
    this.stroke(controller, tool, before, before);
    return {
      move: (to) => {
        const next = this.placeAt(controller, to);
        if (next) this.stroke(controller, tool, before, next);
        before = next ?? before;
      },
      end: () => this.commit(this.now),
    };
  }

  /** Stores what was painted in the archive. */
  async save(): Promise<StoredSegmentation | undefined> {
    const { source } = this.canvas;
    this.update({ busy: true, note: '' });
    try {
      const stored = await this.send(source.StudyInstanceUID, this.content());
      this.update({ busy: false, dirty: false });
      return stored;
    } catch (error) {
      this.update({ busy: false, note: error instanceof Error ? error.message : t('The segmentation cannot be saved') });
      return undefined;
    }
  }

  private content(): PaintedSegmentation {
    const { segments, label, kind } = this.current;
    const masks = [...this.now].flatMap(([segment, slices]) => [...slices].map(([slice, { values }]) => {
      const { instance, frame } = this.canvas.pictures[slice] as Picture;
      return { SOPInstanceUID: instance.SOPInstanceUID, frame, segment, runs: runsOf(values) };
    }));
    return {
      SeriesInstanceUID: this.canvas.source.SeriesInstanceUID,
      label,
      kind,
      segments: segments.map(({ number, label: name, colour, property }) => ({ number, label: name || t('Segment {n}', { n: number }), colour, category: property.category, type: property.type })),
      masks: masks.filter(({ runs }) => runs.length > 0),
    };
  }

  private resampled(grid: SliceGrid, slices: MaskSlices): MaskSlices {
    const found = new Map<number, MaskSlice>();
    this.canvas.pictures.forEach((picture, slice) => {
      const plane = planeOf(picture);
      const mask = plane && sampleMask(grid, slices, plane);
      if (mask) found.set(slice, wholeSlice(mask.map((value) => (value >= 128 ? 255 : 0)), this.canvas.grid.columns));
    });
    return found;
  }

  private placeAt(controller: StackController, at: Point): Vector | undefined {
    const { set, shown, bitmap, view, pane } = controller.state();
    const plane = planeOf(set?.pictures[shown]);
    if (!plane || !bitmap || plane.FrameOfReferenceUID !== this.canvas.grid.FrameOfReferenceUID) return undefined;
    return toPatient(plane, paneToPixel(at, view, bitmap, pane));
  }

  /** The slice that a pane shows of this series; undefined in planes and other series. */
  private sliceOf(controller: StackController): number | undefined {
    const { set, shown } = controller.state();
    const plane = set?.id === this.canvas.source.id ? planeOf(set.pictures[shown]) : undefined;
    const { grid } = this.canvas;
    if (!plane) return undefined;
    const along = toPixelAlong(grid, plane.origin);
    const slice = sliceAt(grid, along);
    return slice < 0 ? undefined : slice;
  }

  private stroke(controller: StackController, tool: PaintTool, from: Vector, to: Vector): void {
    const { radius, through, low, high, active } = this.current;
    const { grid } = this.canvas;
    const slice = through ? undefined : this.sliceOf(controller);
    const on = (place: Vector): Vector => (slice === undefined ? place : ontoSlice(grid, place, slice));
    const fits = (at: number, number: number): boolean => {
      const value = this.values(number)?.(at);
      return value !== undefined && value >= low && value <= high;
    };
    const where = touched(grid, { from: on(from), to: on(to), radius, ...(slice === undefined ? {} : { slice }), ...(tool === 'threshold' ? { allowed: (number: number, at: number) => fits(at, number) } : {}) });
    this.put(where, tool === 'eraser' ? undefined : active);
  }

  private put(where: Touched, segment: number | undefined): void {
    if (where.size === 0) return;
    const { grid } = this.canvas;
    this.now = segment === undefined ? erased(this.now, where, this.current.active, grid) : painted(this.now, where, segment, grid);
    this.publish();
  }

  private readonly values: SliceValues = (slice) => {
    const picture = this.canvas.pictures[slice];
    const bitmap = picture && this.store.get(picture.id);
    if (!picture || bitmap?.samples !== 1) return undefined;
    const { transform } = pictureInfo(picture);
    return (at) => toModality(bitmap.pixels[at] as number, transform);
  };

  /** Fills what hangs together with a place and lies between the two values. */
  private async grow(controller: StackController, at: Point): Promise<void> {
    const place = this.placeAt(controller, at);
    const { grid, pictures, source } = this.canvas;
    if (!place) return;
    const own = this.sliceOf(controller) ?? sliceAt(grid, toPixelAlong(grid, place));
    const plane = planeOf(pictures[own]);
    if (!plane) return;
    const [i, j] = toPixel(plane, place).pixel.map(Math.round) as [number, number];
    if (i < 0 || j < 0 || i >= grid.columns || j >= grid.rows) return;
    const { through, low, high, active } = this.current;
    const wanted = through ? pictures : [pictures[own] as Picture];
    this.update({ busy: true, note: through ? t('Reading the slices') : '' });
    await Promise.all(wanted.map((picture) => this.store.load(source, picture, 'prefetch').catch(() => undefined)));
    const where = grown(grid, keptValues(this.values), { seed: { slice: own, at: j * grid.columns + i }, low, high, from: through ? 0 : own, to: through ? pictures.length - 1 : own });
    this.update({ busy: false, note: where === undefined ? t('The region is too large: narrow the range') : where.size === 0 ? t('The value there lies outside the range') : '' });
    if (!where?.size) return;
    this.put(where, active);
    this.commit(this.now);
  }

  private commit(next: Painted): void {
    this.now = next;
    if (next !== this.history.now) this.history.push(next);
    this.update({ dirty: true });
    this.publish(true);
  }

  private restore(): void {
    this.now = this.history.now;
    this.publish(true);
  }

  /** Shows what is painted; volumes are worked out anew only when a stroke has ended. */
  private publish(ended = false): void {
    const { grid, source } = this.canvas;
    const structures = this.current.segments.map(({ number, label, colour, property }): Structure => {
      const slices = this.now.get(number) ?? NOTHING;
      return { id: `${DRAFT}/${number}`, number, name: label, property: propertyText(property), colour, visible: true, ...this.measure(number, slices, ended), shape: { kind: 'mask', grid, slices } };
    });
    this.show({ id: DRAFT, kind: 'draft', title: this.current.label, set: undefined, refersTo: [source.SeriesInstanceUID], FrameOfReferenceUID: grid.FrameOfReferenceUID, status: 'ready', visible: true, reason: '', notes: [], opacity: 0.35, structures });
  }

  private measure(number: number, slices: MaskSlices, ended: boolean): Pick<Structure, 'volume' | 'voxels' | 'middle'> {
    const known = this.measured.get(number);
    if (known && (!ended || known.of === slices)) return known.structure;
    const { voxels, volume } = measureMask(this.canvas.grid, slices);
    const structure = { voxels, volume, middle: middleOfMask(this.canvas.grid, slices) };
    this.measured.set(number, { of: slices, structure });
    return structure;
  }

  private update(change: Partial<EditState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

const NOTHING: MaskSlices = new Map();

const segmentOf = (number: number): EditSegment => ({ number, label: t('Segment {n}', { n: number }), colour: colourOf(number - 1), property: PROPERTIES[0] });

const toPixelAlong = ({ origins, normal }: SliceGrid, place: Vector): number => {
  const first = origins[0] as Vector;
  return (place[0] - first[0]) * normal[0] + (place[1] - first[1]) * normal[1] + (place[2] - first[2]) * normal[2];
};

/** Values that are looked up once a slice. */
function keptValues(values: SliceValues): SliceValues {
  const known = new Map<number, ReturnType<SliceValues>>();
  return (slice) => {
    if (!known.has(slice)) known.set(slice, values(slice));
    return known.get(slice);
  };
}
