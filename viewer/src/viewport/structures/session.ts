// Segmentations, structure sets and doses of the open studies: which are shown, what of them, and what lies under the pointer.

import { fixed, t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import { planeOf, toPatient } from '../../core/plane';
import { doseAt } from '../../core/structures/dose-grid';
import { INSIDE } from '../../core/structures/slice-grid';
import { volumeOf } from '../../core/volume';
import type { DisplaySet, Instance, Picture } from '../../core/stack';
import type { Point } from '../../core/view';
import type { DicomWebClient } from '../../net/dicomweb';
import { refuseLocal } from '../../net/local-only';
import type { RequestQueue } from '../../net/queue';
import type { PictureStore } from '../picture-store';
import type { StackController } from '../stack-controller';
import type { StudyLoader } from '../study-loader';
import type { Workspace } from '../workspace';
import { canvasOf, EditSession, type Canvas } from './edit-session';
import { layersOf, type Layers } from './layers';
import { liesOver, listObjects } from './listed';
import { loadDose, loadSegmentation, loadStructureSet, type LoadSources } from './load';
import type { ShownDose, Structure, StructureObject } from './objects';

export interface StructuresState {
  objects: readonly StructureObject[];
  /** Nothing is drawn, whatever is shown. */
  hidden: boolean;
}

export class StructuresSession {
  readonly changed = new Signal();
  private current: StructuresState = { objects: [], hidden: false };
  private known = new Map<string, StructureObject>();
  private draft: StructureObject | undefined;
  private edit: EditSession | undefined;
  private readonly release: () => void;
  private readonly sources: LoadSources;

  constructor(
    private readonly loader: StudyLoader,
    private readonly workspace: Workspace,
    private readonly store: PictureStore,
    client: DicomWebClient,
    queue: RequestQueue,
  ) {
    this.sources = { client, queue, pictureOf: (id) => this.pictureOf(id), instanceOf: (uid) => this.instanceOf(uid) };
    this.release = loader.changed.listen(() => this.relist());
    this.relist();
  }

  readonly state = (): StructuresState => this.current;

  dispose(): void {
    this.release();
  }

  /** The objects that lie over a set of pictures. */
  over(set: DisplaySet): StructureObject[] {
    const here = new Set(this.loader.state().series.map(({ SeriesInstanceUID }) => SeriesInstanceUID));
    return this.current.objects.filter((object) => liesOver(object, set, here));
  }

  /** The set of pictures that an object is best seen over. */
  under(object: StructureObject): DisplaySet | undefined {
    const sets = this.loader.state().series.flatMap((series) => series.sets ?? []);
    const found = sets.filter((set) => this.over(set).some(({ id }) => id === object.id));
    return found.sort((a, b) => b.pictures.length - a.pictures.length)[0];
  }

  objectOf(set: DisplaySet): StructureObject | undefined {
    return this.current.objects.find((object) => object.set?.id === set.id);
  }

  /** Shows an object, reading it first where it was not; it says itself why it cannot. */
  async show(id: string): Promise<void> {
    const object = this.current.objects.find((one) => one.id === id);
    if (!object || object.status === 'loading') return;
    this.update({ hidden: false });
    if (object.status === 'ready') {
      this.change(id, { visible: true });
      return;
    }
    this.change(id, { status: 'loading', reason: '' });
    try {
      this.change(id, await this.load(object));
    } catch (error) {
      this.change(id, { status: 'refused', visible: false, reason: error instanceof Error ? error.message : t('it cannot be read') });
    }
  }

  hide(id: string): void {
    this.change(id, { visible: false });
  }

  async toggle(id: string): Promise<void> {
    const object = this.current.objects.find((one) => one.id === id);
    if (object?.visible) this.hide(id);
    else await this.show(id);
  }

  toggleHidden(): void {
    this.update({ hidden: !this.current.hidden });
  }

  setOpacity(id: string, opacity: number): void {
    this.change(id, { opacity });
  }

  editDose(id: string, change: Partial<ShownDose>): void {
    const dose = this.known.get(id)?.dose;
    if (dose) this.change(id, { dose: { ...dose, ...change } });
  }

  editStructure(object: string, structure: string, change: Partial<Pick<Structure, 'visible' | 'colour'>>): void {
    this.replace(object, (before) => ({ structures: before.structures.map((one) => (one.id === structure ? { ...one, ...change } : one)) }));
  }

  showStructures(object: string, visible: boolean): void {
    this.replace(object, (before) => ({ structures: before.structures.map((one) => ({ ...one, visible })) }));
  }

  /** Goes to a structure's middle in every pane of its space. */
  jump({ middle, shape }: Structure, { FrameOfReferenceUID }: StructureObject): void {
    const frame = shape.kind === 'contours' ? shape.FrameOfReferenceUID : FrameOfReferenceUID;
    if (middle) this.workspace.goToPlace(middle, frame);
  }

  /** The segmentation that is being painted. */
  readonly editing = (): EditSession | undefined => this.edit;

  /** Begins to paint on the series of a pane, with what another segmentation has; returns why it cannot, else "". */
  begin(controller: StackController, from?: StructureObject): string {
    const set = (from && this.under(from)) ?? controller.state().set;
    const canvas: Canvas | { reason: string } = set ? canvasOf(set) : { reason: t('no series is open') };
    if ('reason' in canvas) return t('Nothing can be painted here: {reason}', { reason: canvas.reason });
    this.edit = new EditSession(canvas, this.store, rangeOf(controller), (draft) => this.setDraft(draft), this.sources.client.local ? refuseLocal : undefined);
    if (from) {
      this.edit.adopt(from);
      this.hide(from.id);
    }
    this.update({ hidden: false });
    return '';
  }

  /** Forgets what was painted. */
  discard(): void {
    this.edit = undefined;
    this.setDraft(undefined);
  }

  /** Stores what was painted and shows the stored object in its place; what failed stays and says so. */
  async save(): Promise<void> {
    const stored = await this.edit?.save();
    if (!stored) return;
    await this.loader.refresh().catch(() => false);
    this.discard();
    await this.show(stored.SOPInstanceUID);
  }

  private setDraft(draft: StructureObject | undefined): void {
    this.draft = draft && { ...draft, opacity: this.draft?.opacity ?? draft.opacity, visible: this.draft?.visible ?? true };
    this.relist();
  }

  layers(picture: Picture | undefined): Layers | undefined {
    return picture && !this.current.hidden ? layersOf(this.current.objects, picture) : undefined;
  }

  /** Dose and names of structures under a point of a pane, to be read beside its value. */
  textAt(controller: StackController, at: Point): string {
    const picture = controller.state().set?.pictures[controller.state().shown];
    const pixel = controller.valueAt(at)?.pixel;
    const plane = planeOf(picture);
    if (!picture || !pixel) return '';
    const doses = this.current.objects.flatMap(({ visible, dose }) => (visible && dose && plane?.FrameOfReferenceUID === dose.grid.FrameOfReferenceUID ? [doseText(dose, doseAt(dose.grid, toPatient(plane, pixel)))] : []));
    const layers = this.layers(picture);
    const under = (layers?.structures ?? []).filter(({ mask }) => layers && (mask?.[pixel[1] * layers.columns + pixel[0]] ?? 0) >= INSIDE).map(({ id }) => this.nameOf(id));
    return [...doses, ...under.slice(0, 3)].filter(Boolean).join('  ');
  }

  pictureOf(id: string): Picture | undefined {
    for (const { sets } of this.loader.state().series) {
      for (const set of sets ?? []) {
        const found = set.pictures.find((picture) => picture.id === id);
        if (found) return found;
      }
    }
    return undefined;
  }

  private nameOf(id: string): string {
    return this.current.objects.flatMap(({ structures }) => structures).find((structure) => structure.id === id)?.name ?? '';
  }

  private instanceOf(SOPInstanceUID: string): Instance | undefined {
    const instances = this.loader.state().series.flatMap(({ sets }) => (sets ?? []).flatMap((set) => set.instances));
    return instances.find((instance) => instance.SOPInstanceUID === SOPInstanceUID);
  }

  private load(object: StructureObject): Promise<Partial<StructureObject>> {
    const set = object.set as DisplaySet;
    if (object.kind === 'RTDOSE') return loadDose(set, this.sources);
    return object.kind === 'SEG' ? loadSegmentation(set, this.sources) : loadStructureSet(set, this.sources, (frame) => this.spacingIn(frame));
  }

  /** The distance between slices of the volume that has most of them in a frame of reference, in mm. */
  private spacingIn(FrameOfReferenceUID: string): number | undefined {
    const sets = this.loader.state().series.flatMap(({ sets: all }) => all ?? []).filter(({ pictures }) => planeOf(pictures[0])?.FrameOfReferenceUID === FrameOfReferenceUID);
    const largest = sets.sort((a, b) => b.pictures.length - a.pictures.length)[0];
    const answer = largest && volumeOf(largest);
    if (!answer || 'reason' in answer) return undefined;
    const { places } = answer.volume.geometry;
    return (places.at(-1) as number) / (places.length - 1);
  }

  private relist(): void {
    const listed = [...listObjects(this.loader.state().series), ...(this.draft ? [this.draft] : [])];
    const objects = listed.map((object) => (object.kind === 'draft' ? object : (this.known.get(object.id) ?? object)));
    this.known = new Map(objects.map((object) => [object.id, object]));
    if (objects.length === this.current.objects.length && objects.every((object, index) => object === this.current.objects[index])) return;
    this.update({ objects });
  }

  private change(id: string, change: Partial<StructureObject>): void {
    this.replace(id, () => change);
  }

  private replace(id: string, make: (before: StructureObject) => Partial<StructureObject>): void {
    const before = this.known.get(id);
    if (!before) return;
    const after = { ...before, ...make(before) };
    this.known.set(id, after);
    if (this.draft?.id === id) this.draft = after;
    this.update({ objects: this.current.objects.map((object) => (object.id === id ? after : object)) });
  }

  private update(change: Partial<StructuresState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

/** From the middle of the window on screen upward, in the unit of the values. */
function rangeOf(controller: StackController): [number, number] {
  const { grey, bitmap } = controller.state();
  const { picture } = controller;
  if (!bitmap || !picture || bitmap.samples !== 1) return [0, 255];
  const most = toModality(bitmap.max, pictureInfo(picture).transform);
  return [Math.round(grey?.window?.center ?? most / 2), Math.ceil(most)];
}

export const percentOf = ({ reference }: ShownDose, dose: number): number => (100 * dose) / reference.dose;

function doseText(dose: ShownDose, value: number): string {
  return Number.isNaN(value) ? '' : t('Dose {dose} {unit} ({percent} %)', { dose: fixed(value, 2), unit: dose.grid.unit, percent: fixed(percentOf(dose, value), 1) });
}
