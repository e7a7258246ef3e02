// A Segmentation object (PS3.3 A.51, C.8.20; label maps A.87) as its header says: segments, and where each frame lies. Pure.

import { element, items, number, numbers, text, texts, type DataSet } from '../dicom-json';
import { cross, readOrientation, readPosition } from '../geometry';
import type { ImagePlane } from '../plane';
import { colourOf, colourOfLab } from './cielab';
import { propertyFrom, type Property } from './properties';
import { t } from '../language';

export const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4';
export const LABEL_MAP = '1.2.840.10008.5.1.4.1.1.66.7';
export const isSegmentation = (SOPClassUID: string): boolean => SOPClassUID === SEGMENTATION || SOPClassUID === LABEL_MAP;

export interface Segment {
  number: number;
  label: string;
  /** Its codes; undefined where it has none. */
  property: Property | undefined;
  colour: string;
}

export interface SegmentFrame {
  /** From 1. */
  frame: number;
  /** 0 in a label map, whose pixels say it. */
  segment: number;
  plane: ImagePlane | undefined;
  /** The pictures it was made from, as "SOPInstanceUID/frame". */
  sources: readonly string[];
}

export interface Segmentation {
  type: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  rows: number;
  columns: number;
  bits: number;
  /** What means wholly inside, where values are fractions. */
  most: number;
  /** Values are parts of a voxel that are inside, not probabilities. */
  occupancy: boolean;
  segments: Segment[];
  frames: SegmentFrame[];
  thickness: number | undefined;
}

const TYPES = ['BINARY', 'FRACTIONAL', 'LABELMAP'] as const;

function readSegment(item: DataSet, index: number): Segment {
  const at = number(item, 'SegmentNumber') ?? index + 1;
  return {
    number: at,
    label: text(item, 'SegmentLabel') || t('Segment {n}', { n: at }),
    property: propertyFrom(items(item, 'SegmentedPropertyCategoryCodeSequence')[0], items(item, 'SegmentedPropertyTypeCodeSequence')[0]),
    colour: colourOfLab(numbers(item, 'RecommendedDisplayCIELabValue')) ?? colourOf(index),
  };
}

function planeOfFrame(dataSet: DataSet, group: (keyword: GroupName) => DataSet | undefined): ImagePlane | undefined {
  const position = readPosition(numbers(group('PlanePositionSequence'), 'ImagePositionPatient'));
  const orientation = readOrientation(numbers(group('PlaneOrientationSequence'), 'ImageOrientationPatient'));
  const [rowStep, columnStep] = numbers(group('PixelMeasuresSequence'), 'PixelSpacing');
  if (!position || !orientation || !rowStep || !columnStep) return undefined;
  const { row, column } = orientation;
  const FrameOfReferenceUID = text(dataSet, 'FrameOfReferenceUID');
  return { origin: position, row, column, normal: cross(row, column), rowStep, columnStep, columns: number(dataSet, 'Columns') ?? 0, rows: number(dataSet, 'Rows') ?? 0, FrameOfReferenceUID };
}

type GroupName = 'PlanePositionSequence' | 'PlaneOrientationSequence' | 'PixelMeasuresSequence' | 'DerivationImageSequence' | 'SegmentIdentificationSequence';

function sourcesOf(derivation: DataSet | undefined): string[] {
  return items(derivation, 'SourceImageSequence').flatMap((source) => {
    const frames = numbers(source, 'ReferencedFrameNumber');
    return (frames.length > 0 ? frames : [1]).map((frame) => `${text(source, 'ReferencedSOPInstanceUID')}/${frame}`);
  });
}

function readFrames(dataSet: DataSet, count: number): SegmentFrame[] {
  const shared = items(dataSet, 'SharedFunctionalGroupsSequence')[0];
  const own = items(dataSet, 'PerFrameFunctionalGroupsSequence');
  return Array.from({ length: count }, (_, index) => {
    const group = (keyword: GroupName): DataSet | undefined => items(own[index], keyword)[0] ?? items(shared, keyword)[0];
    return { frame: index + 1, segment: number(group('SegmentIdentificationSequence'), 'ReferencedSegmentNumber') ?? 0, plane: planeOfFrame(dataSet, group), sources: sourcesOf(group('DerivationImageSequence')) };
  });
}

/** What a segmentation's header says, or why it cannot be shown. */
export function readSegmentation(dataSet: DataSet): Segmentation | { reason: string } {
  const [rows, columns] = [number(dataSet, 'Rows') ?? 0, number(dataSet, 'Columns') ?? 0];
  const said = text(dataSet, 'SegmentationType');
  const type = TYPES.find((one) => one === said);
  if (element(dataSet, 'TotalPixelMatrixColumns')) return { reason: t('it is cut into tiles of a whole slide, which are not shown as an overlay') };
  if (!type) return { reason: t('its type {type} is not known', { type: said || '(none)' }) };
  if (rows < 1 || columns < 1) return { reason: t('it has no pixels') };
  const shared = items(dataSet, 'SharedFunctionalGroupsSequence')[0];
  const measures = items(shared, 'PixelMeasuresSequence')[0] ?? items(items(dataSet, 'PerFrameFunctionalGroupsSequence')[0], 'PixelMeasuresSequence')[0];
  const segments = items(dataSet, 'SegmentSequence').map(readSegment).filter((segment) => segment.number > 0 || type !== 'LABELMAP');
  if (segments.length === 0) return { reason: t('it names no segment') };
  return {
    type,
    rows,
    columns,
    bits: number(dataSet, 'BitsAllocated') ?? 1,
    most: type === 'FRACTIONAL' ? (number(dataSet, 'MaximumFractionalValue') ?? 255) : 1,
    occupancy: text(dataSet, 'SegmentationFractionalType') === 'OCCUPANCY',
    segments,
    frames: readFrames(dataSet, Math.max(1, number(dataSet, 'NumberOfFrames') ?? 1)),
    thickness: number(measures, 'SpacingBetweenSlices') ?? number(measures, 'SliceThickness'),
  };
}

/** The series that the object says it belongs to. */
export const referencedSeries = (dataSet: DataSet): string[] => items(dataSet, 'ReferencedSeriesSequence').flatMap((series) => texts(series, 'SeriesInstanceUID'));

/** The masks of a frame as little endian values came for it, by number of the segment: one byte a pixel, 255 inside. */
export function masksOf({ type, rows, columns, bits, most, segments }: Segmentation, { segment }: SegmentFrame, bytes: Uint8Array): Map<number, Uint8Array> {
  const values = pixelValues(bytes, rows * columns, bits);
  if (type === 'LABELMAP') return byLabel(values, segments);
  if (values.every((value) => value === 0)) return new Map();
  return new Map([[segment, Uint8Array.from(values, (value) => Math.min(255, Math.round((value * 255) / most)))]]);
}

/** How many voxels the fractions of a frame amount to. */
export function occupied({ rows, columns, bits, most }: Segmentation, bytes: Uint8Array): number {
  let sum = 0;
  for (const value of pixelValues(bytes, rows * columns, bits)) sum += value;
  return sum / most;
}

function byLabel(values: Uint8Array | Uint16Array, segments: readonly Segment[]): Map<number, Uint8Array> {
  const masks = new Map<number, Uint8Array>();
  const known = new Set(segments.map((one) => one.number));
  values.forEach((value, at) => {
    if (!known.has(value)) return;
    const mask = masks.get(value) ?? new Uint8Array(values.length);
    mask[at] = 255;
    masks.set(value, mask);
  });
  return masks;
}

function pixelValues(bytes: Uint8Array, count: number, bits: number): Uint8Array | Uint16Array {
  if (bytes.length * 8 < count * bits) throw new Error(t('A frame of the segmentation is cut off'));
  if (bits === 1) return Uint8Array.from({ length: count }, (_, at) => ((bytes[at >> 3] as number) >> (at & 7)) & 1);
  if (bits === 8) return bytes.subarray(0, count);
  return Uint16Array.from({ length: count }, (_, at) => (bytes[at * 2] as number) | ((bytes[at * 2 + 1] as number) << 8));
}
