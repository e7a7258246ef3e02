// From the metadata of a series to what is shown: stacks in spatial order, clips, and objects without a picture. Pure.

import { has, items, number, numbers, text, texts, type DataSet } from './dicom-json';
import type { PresentationState } from './presentation-state';
import type { Phases } from './phases';
import type { Subtraction } from './subtraction';
import { flavour, isPyramidPart, isWholeSlide, pyramids } from './slide/pyramid';
import { dot, normal, readOrientation, readPosition, sameOrientation, type Orientation, type Vector } from './geometry';
import { fixed, t } from './language';
import type { Scale } from './measure/scale';

export interface Instance {
  dataSet: DataSet;
  SOPInstanceUID: string;
  SOPClassUID: string;
  InstanceNumber: number;
  frames: number;
  /** PT: date and time of the earliest acquisition of the series. */
  firstAcquired?: string;
}

/** One picture: a frame of an instance with the attributes that hold for this frame. */
export interface Picture {
  id: string;
  instance: Instance;
  /** From 1, as DICOM counts. */
  frame: number;
  /** VOI, rescale, spacing, position: from the frame's functional groups, else the data set. */
  attributes: DataSet;
  orientation?: Orientation;
  position?: Vector;
  /** Of what is shown along a drawn path. */
  path?: PathPlace;
  /** What its pixels are worth, where that is not read as of other pictures. */
  scale?: Scale;
}

/** A straightened picture turned about its path by degrees, or a plane across the path at so many of its mm. */
export type PathPlace = { kind: 'straightened'; angle: number } | { kind: 'section'; at: number; length: number };

export interface DisplaySet {
  id: string;
  kind: 'stack' | 'clip' | 'document';
  StudyInstanceUID: string;
  SeriesInstanceUID: string;
  modality: string;
  number: number | undefined;
  description: string;
  pictures: Picture[];
  /** The objects in it, for the tag browser and documents. */
  instances: Instance[];
  warnings: string[];
  /** Which reformatted plane of a volume this is; absent for what is stored. */
  plane?: 'axial' | 'coronal' | 'sagittal' | 'straightened' | 'section';
  /** The presentation states of its images. */
  states?: readonly PresentationState[];
  /** This is one of several phases, and which. */
  phases?: Phases;
  phase?: number;
  /** Another series lies over this one; see `fused`. */
  fusion?: { base: DisplaySet; overlay: DisplaySet };
  /** Its pictures are differences from a mask; see `subtracted`. */
  subtraction?: { base: DisplaySet; by: Subtraction };
  /** What is shown is the pyramid of a slide, of all instances of the set; a `document`, for it is no stack of pictures. */
  slide?: true;
  /** What to call it rather than by its series. */
  title?: string;
}

/** Pictures along a drawn path: they follow one another by angle or along the path, not in parallel. */
export const isAlongPath = ({ plane }: DisplaySet): boolean => plane === 'straightened' || plane === 'section';

export function readInstance(dataSet: DataSet): Instance {
  return {
    dataSet,
    SOPInstanceUID: text(dataSet, 'SOPInstanceUID'),
    SOPClassUID: text(dataSet, 'SOPClassUID'),
    InstanceNumber: number(dataSet, 'InstanceNumber') ?? 0,
    frames: Math.max(1, Math.floor(number(dataSet, 'NumberOfFrames') ?? 1)),
  };
}

/** Modalities of objects that have no picture of their own. */
const WITHOUT_PICTURE = new Set(['SR', 'PR', 'KO', 'SEG', 'RTSTRUCT', 'RTPLAN', 'RTRECORD', 'REG', 'DOC', 'ECG', 'HD', 'AU', 'RWV', 'FID', 'ANN', 'PLAN', 'OPV']);
export const showsPictures = (modality: string): boolean => !WITHOUT_PICTURE.has(modality);

const SEGMENTATIONS = new Set(['1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7']);

/** Videos are the only ones of this colour space (PS3.5 8.2.5 to 8.2.8); they are played as a whole, not by frames. */
export const isVideo = (dataSet: DataSet): boolean => text(dataSet, 'PhotometricInterpretation') === 'YBR_PARTIAL_420';

/** Whether an object has pixels to show. Segmentations are overlays, not pictures. */
export function isPicture(instance: Instance): boolean {
  const { dataSet } = instance;
  if (SEGMENTATIONS.has(instance.SOPClassUID) || isVideo(dataSet)) return false;
  const pixels = has(dataSet, 'PixelData') || has(dataSet, 'FloatPixelData') || has(dataSet, 'DoubleFloatPixelData');
  const shape = (number(dataSet, 'Rows') ?? 0) > 0 && (number(dataSet, 'Columns') ?? 0) > 0;
  return shape && pixels;
}

const GROUPS = ['PlanePositionSequence', 'PlaneOrientationSequence', 'PixelMeasuresSequence', 'FrameVOILUTSequence', 'PixelValueTransformationSequence', 'FrameContentSequence', 'CardiacSynchronizationSequence', 'RespiratorySynchronizationSequence', 'TemporalPositionSequence', 'MREchoSequence', 'MRDiffusionSequence', 'MRTimingAndRelatedParametersSequence'] as const;

function frameAttributes(dataSet: DataSet, shared: DataSet | undefined, own: DataSet | undefined): DataSet {
  if (!shared && !own) return dataSet;
  const attributes: DataSet = {};
  for (const group of GROUPS) {
    const item = items(own, group)[0] ?? items(shared, group)[0];
    if (item) Object.assign(attributes, item);
  }
  return attributes;
}

function picturesOf(instance: Instance): Picture[] {
  const shared = items(instance.dataSet, 'SharedFunctionalGroupsSequence')[0];
  const own = items(instance.dataSet, 'PerFrameFunctionalGroupsSequence');
  return Array.from({ length: instance.frames }, (_, index) => picture(instance, index + 1, frameAttributes(instance.dataSet, shared, own[index])));
}

/** Siemens: slices side by side in one image, whose stated position is that of no slice. */
export const isMosaic = (dataSet: DataSet): boolean => texts(dataSet, 'ImageType').includes('MOSAIC');

function picture(instance: Instance, frame: number, attributes: DataSet): Picture {
  const orientation = readOrientation(numbers(attributes, 'ImageOrientationPatient'));
  const position = isMosaic(instance.dataSet) ? undefined : readPosition(numbers(attributes, 'ImagePositionPatient'));
  return {
    id: `${instance.SOPInstanceUID}/${frame}`,
    instance,
    frame,
    attributes,
    ...(orientation ? { orientation } : {}),
    ...(position ? { position } : {}),
  };
}

const numberOrder = (a: Picture, b: Picture): number =>
  a.instance.InstanceNumber - b.instance.InstanceNumber || a.instance.SOPInstanceUID.localeCompare(b.instance.SOPInstanceUID) || a.frame - b.frame;

const temporalIndex = (p: Picture): number => number(p.instance.dataSet, 'TemporalPositionIdentifier') ?? 0;

/** Distances along the normal of the first picture, or undefined unless all lie in parallel planes. */
export function distances(pictures: readonly Picture[]): number[] | undefined {
  const orientation = pictures[0]?.orientation;
  if (!orientation || pictures.some((p) => !p.position || !sameOrientation(p.orientation, orientation))) return undefined;
  const axis = normal(orientation);
  return pictures.map((p) => dot(p.position as Vector, axis));
}

/** By place along the normal, then time, then number; by number alone where the planes are not parallel. */
export function ordered(pictures: readonly Picture[]): Picture[] {
  const along = distances(pictures);
  if (!along) return [...pictures].sort(numberOrder);
  const keyed = pictures.map((p, index) => ({ p, place: Math.round((along[index] ?? 0) * 1000) }));
  const moved = keyed.some((a) => a.place !== keyed[0]?.place);
  if (!moved) return [...pictures].sort(numberOrder);
  return keyed.sort((a, b) => temporalIndex(a.p) - temporalIndex(b.p) || a.place - b.place || numberOrder(a.p, b.p)).map(({ p }) => p);
}

/** What a reader of the stack should know: what is missing or contradicts itself, gaps, tilt. */
export const stackWarnings = (pictures: readonly Picture[]): string[] => [...contradictions(pictures), ...unevenness(pictures)];

/** What lies somewhere in the patient as a rule. */
const CROSS_SECTIONS = new Set(['CT', 'MR', 'PT']);

function contradictions(pictures: readonly Picture[]): string[] {
  const placed = pictures.filter(({ orientation, position }) => orientation && position);
  const missing = pictures.length - placed.length;
  const expected = placed.length > 0 || (pictures.length > 1 && CROSS_SECTIONS.has(text(pictures[0]?.instance.dataSet, 'Modality')));
  const mixed = placed.some(({ orientation }) => !sameOrientation(orientation, placed[0]?.orientation));
  const sizes = new Set(pictures.map(({ instance: { dataSet } }) => `${number(dataSet, 'Columns')} × ${number(dataSet, 'Rows')}`));
  const doubled = mixed ? 0 : placed.length - new Set((distances(placed) ?? []).map((place) => Math.round(place * 1000))).size;
  return [
    missing > 0 && expected ? t('No position in {missing} of {n} images', { missing, n: pictures.length }) : '',
    mixed ? t('Images of several orientations') : '',
    sizes.size > 1 ? t('Images of several sizes') : '',
    doubled > 0 ? t('Images in the place of another: {n}', { n: doubled }) : '',
  ].filter(Boolean);
}

function unevenness(pictures: readonly Picture[]): string[] {
  const along = distances(pictures);
  if (!along || pictures.length < 3) return [];
  const steps = along.slice(1).map((place, index) => place - (along[index] ?? 0)).filter((step) => step > 1e-3);
  if (steps.length < 2) return [];
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const warnings: string[] = [];
  if (high - low > Math.max(0.02, 0.02 * high)) warnings.push(t('Irregular spacing {low}–{high} mm', { low: fixed(low, 2), high: fixed(high, 2) }));
  const tilt = tiltDegrees(pictures);
  if (tilt > 0.5) warnings.push(t('Gantry tilt {tilt}°', { tilt: fixed(tilt, 1) }));
  return warnings;
}

function tiltDegrees(pictures: readonly Picture[]): number {
  const [first, last] = [pictures[0], pictures.at(-1)];
  if (!first?.position || !last?.position || !first.orientation) return 0;
  const axis = normal(first.orientation);
  const line = last.position.map((value, index) => value - (first.position?.[index] ?? 0)) as unknown as Vector;
  const span = Math.hypot(...line);
  return span > 0 ? (Math.acos(Math.min(1, Math.abs(dot(line, axis)) / span)) * 180) / Math.PI : 0;
}

function displaySet(kind: DisplaySet['kind'], instances: Instance[], pictures: Picture[]): DisplaySet {
  const dataSet = instances[0]?.dataSet;
  return {
    id: kind === 'stack' ? text(dataSet, 'SeriesInstanceUID') : (instances[0]?.SOPInstanceUID ?? ''),
    kind,
    StudyInstanceUID: text(dataSet, 'StudyInstanceUID'),
    SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'),
    modality: text(dataSet, 'Modality'),
    number: number(dataSet, 'SeriesNumber'),
    description: text(dataSet, 'SeriesDescription') || text(dataSet, 'ProtocolName'),
    pictures,
    instances,
    warnings: kind === 'stack' ? stackWarnings(pictures) : [],
  };
}

/**
 * A series as display sets (IHE BIR: never fewer than series, multi-frame by NumberOfFrames alone): all single frames
 * form one stack, each multi-frame object is a set of its own, each object without pixels a document.
 */
export function displaySets(metadata: readonly DataSet[]): DisplaySet[] {
  const instances = withFirstAcquired(metadata.map(readInstance));
  const byNumber = (a: Instance, b: Instance): number => a.InstanceNumber - b.InstanceNumber;
  const slides = pyramids(instances.filter((i) => isPicture(i) && isPyramidPart(i)));
  const others = instances.filter((i) => !isPyramidPart(i) || !isPicture(i));
  const besides = others.filter((i) => isPicture(i) && isWholeSlide(i)).sort(byNumber);
  const singles = others.filter((i) => isPicture(i) && i.frames === 1 && !isWholeSlide(i));
  const multi = others.filter((i) => isPicture(i) && i.frames > 1 && !isWholeSlide(i)).sort(byNumber);
  const documents = others.filter((i) => !isPicture(i)).sort(byNumber);
  const pictures = ordered(singles.flatMap(picturesOf));
  const inOrder = pictures.map((p) => p.instance);
  return [
    ...slides.map((parts) => ({ ...displaySet('document', parts, []), slide: true as const })),
    ...besides.map((i) => ({ ...displaySet('clip', [i], picturesOf(i)), title: t(SLIDE_PARTS[flavour(i.dataSet)] ?? 'Slide') })),
    ...(singles.length > 0 ? [displaySet('stack', inOrder, pictures)] : []),
    ...multi.map((i) => displaySet('clip', [i], picturesOf(i))),
    ...documents.map((i) => displaySet('document', [i], [])),
  ];
}

/** Pictures that come with a slide. */
const SLIDE_PARTS: Readonly<Record<string, string>> = { LABEL: 'Label', OVERVIEW: 'Overview', LOCALIZER: 'Overview' };

function withFirstAcquired(instances: Instance[]): Instance[] {
  const [first] = instances.filter(({ dataSet }) => text(dataSet, 'Modality') === 'PT').map(({ dataSet }) => `${text(dataSet, 'AcquisitionDate')}${text(dataSet, 'AcquisitionTime')}`).filter((stamp) => stamp.length >= 10).sort();
  return first ? instances.map((instance) => ({ ...instance, firstAcquired: first })) : instances;
}

export const isColour = (dataSet: DataSet): boolean =>
  (number(dataSet, 'SamplesPerPixel') ?? 1) > 1 || text(dataSet, 'PhotometricInterpretation') === 'PALETTE COLOR';

export const isLossy = (dataSet: DataSet): boolean =>
  text(dataSet, 'LossyImageCompression') === '01' || lossyRatio(dataSet) !== '';

export const lossyRatio = (dataSet: DataSet): string => texts(dataSet, 'LossyImageCompressionRatio').filter(Boolean).at(-1) ?? '';
