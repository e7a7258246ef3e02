// Reads segmentations, structure sets and doses: headers are there, frames come decoded from the archive.

import { number, text } from '../../core/dicom-json';
import { t } from '../../core/language';
import { planeOf, type ImagePlane } from '../../core/plane';
import { middleOf, stackOf, stackVolume, withThickness } from '../../core/structures/contours';
import { doseGeometry, fillDose, plansOf, prescriptionOf, type Prescription } from '../../core/structures/dose-grid';
import { storedDvhs } from '../../core/structures/dvh-table';
import { propertyText } from '../../core/structures/properties';
import { masksOf, occupied, readSegmentation, type Segment, type Segmentation, type SegmentFrame } from '../../core/structures/segmentation';
import { cropped, gridOf, measureMask, middleOfMask, uncropped, type MaskSlice, type SliceGrid } from '../../core/structures/slice-grid';
import { bulkContours, readStructureSet, type Region } from '../../core/structures/structure-set';
import type { DisplaySet, Instance, Picture } from '../../core/stack';
import type { DicomWebClient } from '../../net/dicomweb';
import type { RequestQueue } from '../../net/queue';
import type { IsodoseLevel, Shape, ShownDose, Structure, StructureObject } from './objects';

export interface LoadSources {
  client: DicomWebClient;
  queue: RequestQueue;
  /** A picture of the open studies by "SOPInstanceUID/frame". */
  pictureOf(id: string): Picture | undefined;
  /** An object of the open studies. */
  instanceOf(SOPInstanceUID: string): Instance | undefined;
}

type Loaded = Partial<StructureObject>;
const refused = (reason: string): Loaded => ({ status: 'refused', visible: false, reason });

const FRAMES_A_REQUEST = 48;

async function framesOf({ client, queue }: LoadSources, set: DisplaySet, count: number, take: (frame: number, bytes: Uint8Array) => void): Promise<void> {
  const path = { study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: set.instances[0]?.SOPInstanceUID ?? '' };
  const batches = Array.from({ length: Math.ceil(count / FRAMES_A_REQUEST) }, (_, index) => Array.from({ length: Math.min(FRAMES_A_REQUEST, count - index * FRAMES_A_REQUEST) }, (__, at) => index * FRAMES_A_REQUEST + at + 1));
  await Promise.all(batches.map(async (numbers) => {
    const answers = await queue.add('interaction', (signal) => client.frames(path, numbers, 'values', signal)).result;
    answers.forEach(({ bytes }, index) => take(numbers[index] as number, bytes));
  }));
}

// Segmentations

/** Masks by segment, and in these by what `key` says of a frame. */
class Gathered<K> {
  readonly found = new Map<number, Map<K, MaskSlice>>();

  constructor(private readonly seg: Segmentation) {}

  put(segment: number, key: K, mask: Uint8Array): void {
    const { columns, rows } = this.seg;
    const of = this.found.get(segment) ?? new Map<K, MaskSlice>();
    const before = of.get(key);
    const both = before ? uncropped(before, columns, rows).map((value, at) => Math.max(value, mask[at] as number)) : mask;
    const part = cropped(both, columns);
    if (part) of.set(key, part);
    this.found.set(segment, of);
  }
}

/** Where a frame lies: as it says, else where the picture lies that it was made from. */
function planeOfFrame(frame: SegmentFrame, seg: Segmentation, sources: LoadSources): ImagePlane | undefined {
  const source = frame.sources.map((id) => planeOf(sources.pictureOf(id))).find((plane) => plane !== undefined);
  if (frame.plane) return { ...frame.plane, FrameOfReferenceUID: frame.plane.FrameOfReferenceUID || (source?.FrameOfReferenceUID ?? '') };
  return source?.columns === seg.columns && source.rows === seg.rows ? source : undefined;
}

export async function loadSegmentation(set: DisplaySet, sources: LoadSources): Promise<Loaded> {
  const seg = readSegmentation(set.instances[0]?.dataSet ?? {});
  if ('reason' in seg) return refused(seg.reason);
  const planes = seg.frames.map((frame) => planeOfFrame(frame, seg, sources));
  if (planes.every((plane) => plane === undefined)) return withoutPlace(set, seg, sources);
  if (planes.some((plane) => plane === undefined)) return refused(t('some of its frames have no place in the patient'));
  const answer = gridOf(planes as ImagePlane[], seg.thickness);
  if ('reason' in answer) return refused(answer.reason);
  const { grid, slice } = answer;
  const gathered = new Gathered<number>(seg);
  const parts = new Map<number, number>();
  await framesOf(sources, set, seg.frames.length, (frame, bytes) => {
    const { segment: named } = seg.frames[frame - 1] as SegmentFrame;
    if (seg.type === 'FRACTIONAL' && seg.occupancy) parts.set(named, (parts.get(named) ?? 0) + occupied(seg, bytes));
    for (const [segment, mask] of masksOf(seg, seg.frames[frame - 1] as SegmentFrame, bytes)) gathered.put(segment, slice[frame - 1] as number, mask);
  });
  const id = set.instances[0]?.SOPInstanceUID ?? '';
  const structures = seg.segments.map((segment) => maskStructure(id, segment, grid, gathered.found.get(segment.number) ?? new Map<number, MaskSlice>(), parts.get(segment.number)));
  return { status: 'ready', visible: true, FrameOfReferenceUID: grid.FrameOfReferenceUID, structures, notes: notesOf(grid, sources, seg) };
}

/** What a reader should know: another frame of reference than the images'. */
function notesOf(grid: SliceGrid, sources: LoadSources, seg: Segmentation): string[] {
  const source = seg.frames.flatMap((frame) => frame.sources).map((id) => planeOf(sources.pictureOf(id))).find((plane) => plane !== undefined);
  const others = source && source.FrameOfReferenceUID !== grid.FrameOfReferenceUID ? [t('Its frame of reference is not that of the images it names')] : [];
  const moved = source && (Math.abs(source.columnStep - grid.columnStep) > 1e-3 * grid.columnStep || source.columns !== grid.columns || source.rows !== grid.rows) ? [t('Other pixels than the images: shown by nearest neighbour')] : [];
  return [...others, ...moved];
}

/** `amount` is how many voxels its fractions amount to, where it has fractions. */
export function maskStructure(object: string, segment: Segment, grid: SliceGrid, slices: Map<number, MaskSlice>, amount?: number): Structure {
  const { voxels } = measureMask(grid, slices);
  const volume = ((amount ?? voxels) * grid.columnStep * grid.rowStep * grid.thickness) / 1000;
  return { id: `${object}/${segment.number}`, number: segment.number, name: segment.label, property: propertyText(segment.property), codes: segment.property, colour: segment.colour, visible: true, volume, voxels, middle: middleOfMask(grid, slices), shape: { kind: 'mask', grid, slices } };
}

/** Frames that name the pictures they belong to and nothing else: projections, photographs, ultrasound. */
async function withoutPlace(set: DisplaySet, seg: Segmentation, sources: LoadSources): Promise<Loaded> {
  if (seg.frames.some((frame) => frame.sources.length === 0)) return refused(t('its frames have no place in the patient and name no image'));
  const gathered = new Gathered<string>(seg);
  await framesOf(sources, set, seg.frames.length, (frame, bytes) => {
    const of = seg.frames[frame - 1] as SegmentFrame;
    for (const [segment, mask] of masksOf(seg, of, bytes)) for (const source of of.sources) gathered.put(segment, source, mask);
  });
  const id = set.instances[0]?.SOPInstanceUID ?? '';
  const structures = seg.segments.map((segment): Structure => {
    const parts = [...(gathered.found.get(segment.number) ?? [])];
    const shape: Shape = { kind: 'pictures', masks: new Map(parts.map(([picture, part]) => [picture, uncropped(part, seg.columns, seg.rows)])) };
    return { id: `${id}/${segment.number}`, number: segment.number, name: segment.label, property: propertyText(segment.property), codes: segment.property, colour: segment.colour, visible: true, volume: undefined, voxels: undefined, middle: undefined, shape };
  });
  return { status: 'ready', visible: true, structures, notes: [t('Without a place in the patient: shown on the images it names')] };
}

// Structure sets

export async function loadStructureSet(set: DisplaySet, sources: LoadSources, spacing: (FrameOfReferenceUID: string) => number | undefined): Promise<Loaded> {
  const dataSet = set.instances[0]?.dataSet ?? {};
  const bulk = new Map<string, string>();
  await Promise.all(bulkContours(dataSet).map(async (uri) => bulk.set(uri, new TextDecoder('latin1').decode(await sources.client.bulkData(uri)))));
  const regions = readStructureSet(dataSet, (uri) => bulk.get(uri));
  if (regions.length === 0) return refused(t('it names no region'));
  const made = regions.map((region) => regionStructure(set.instances[0]?.SOPInstanceUID ?? '', region, spacing(region.FrameOfReferenceUID)));
  const leftOut = made.reduce((sum, one) => sum + one.leftOut, 0);
  return { status: 'ready', visible: true, FrameOfReferenceUID: regions[0]?.FrameOfReferenceUID ?? '', structures: made.map(({ structure }) => structure), notes: leftOut > 0 ? [t('{n} contours across the planes of the others are left out', { n: leftOut })] : [] };
}

function regionStructure(object: string, region: Region, spacing: number | undefined): { structure: Structure; leftOut: number } {
  const found = stackOf(region.contours, region.FrameOfReferenceUID);
  const stack = found && withThickness(found.stack, spacing ?? found.stack.thickness);
  const half = (stack?.thickness ?? spacing ?? 2) / 2;
  const shape: Shape = { kind: 'contours', contours: region.contours.filter(({ type }) => type !== 'CLOSED'), stack, half, FrameOfReferenceUID: region.FrameOfReferenceUID };
  const middle = stack ? middleOf(stack) : region.contours[0]?.points[0];
  const structure: Structure = { id: `${object}/${region.number}`, number: region.number, name: region.name, property: region.property, colour: region.colour, visible: region.contours.length > 0, volume: stack && stackVolume(stack), voxels: undefined, middle, shape };
  return { structure, leftOut: found?.leftOut ?? 0 };
}

// Doses

const LEVELS: readonly (readonly [number, string])[] = [[110, '#ff00d4'], [105, '#ff3b30'], [100, '#ff9500'], [95, '#ffe14d'], [80, '#34c759'], [50, '#30d5c8'], [30, '#3f8cff'], [10, '#5856d6']]; // prettier-ignore

const levels = (): IsodoseLevel[] => LEVELS.map(([percent, colour]) => ({ percent, colour, visible: true }));

export async function loadDose(set: DisplaySet, sources: LoadSources): Promise<Loaded> {
  const dataSet = set.instances[0]?.dataSet ?? {};
  const geometry = doseGeometry(dataSet);
  if ('reason' in geometry) return refused(geometry.reason);
  const frames: Uint8Array[] = [];
  await framesOf(sources, set, geometry.places.length, (frame, bytes) => {
    frames[frame - 1] = bytes;
  });
  const grid = fillDose(geometry, dataSet, frames);
  if (!(grid.most > 0)) return refused(t('it holds no dose'));
  const dose: ShownDose = { grid, reference: referenceOf(plansOf(dataSet), grid.most, grid.unit, sources), levels: levels(), wash: true, lines: true, opacity: 0.35, stored: storedDvhs(dataSet) };
  const kind = [text(dataSet, 'DoseType'), text(dataSet, 'DoseSummationType')].filter(Boolean).join(', ').toLowerCase();
  const frame = number(dataSet, 'NumberOfFrames') === 1 ? [t('A single plane: shown on that plane only')] : [];
  return { status: 'ready', visible: true, FrameOfReferenceUID: geometry.FrameOfReferenceUID, dose, notes: [...(kind ? [kind] : []), ...(grid.unit === 'relative' ? [t('Relative dose, not in Gy')] : []), ...frame] };
}

function referenceOf(plans: readonly string[], most: number, unit: string, sources: LoadSources): Prescription {
  const plan = plans.map((uid) => sources.instanceOf(uid)).find((instance) => instance !== undefined);
  const prescribed = plan && unit === 'Gy' ? prescriptionOf(plan.dataSet) : undefined;
  return prescribed ?? { dose: most, source: t('the maximum') };
}

