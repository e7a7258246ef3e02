// An RT Structure Set (PS3.3 A.19, C.8.8.5, C.8.8.6, C.8.8.8) as its header says: regions with names, colours, contours. Pure.

import { element, items, number, numbers, text, type DataSet } from '../dicom-json';
import type { Vector } from '../geometry';
import { t } from '../language';
import { colourOf } from './cielab';

export const STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3';

export type ContourType = 'POINT' | 'OPEN' | 'CLOSED';

export interface Contour {
  type: ContourType;
  points: readonly Vector[];
}

export interface Region {
  number: number;
  name: string;
  /** What it is for, as "PTV" or "ORGAN". */
  property: string;
  colour: string;
  FrameOfReferenceUID: string;
  contours: Contour[];
}

/** Contour data that the archive keeps apart from the header; read before the contours. */
export type BulkText = (uri: string) => string | undefined;

const TYPES: Readonly<Record<string, ContourType>> = { POINT: 'POINT', OPEN_PLANAR: 'OPEN', OPEN_NONPLANAR: 'OPEN', CLOSED_PLANAR: 'CLOSED', CLOSEDPLANAR_XOR: 'CLOSED' };

/** Where contour data are to be fetched, if they are not all in the header. */
export function bulkContours(dataSet: DataSet): string[] {
  const contours = items(dataSet, 'ROIContourSequence').flatMap((roi) => items(roi, 'ContourSequence'));
  return contours.flatMap((contour) => element(contour, 'ContourData')?.BulkDataURI ?? []);
}

function triplets(values: readonly number[]): Vector[] {
  return Array.from({ length: Math.floor(values.length / 3) }, (_, index): Vector => [values[index * 3] as number, values[index * 3 + 1] as number, values[index * 3 + 2] as number]);
}

function readContour(item: DataSet, bulk: BulkText): Contour[] {
  const type = TYPES[text(item, 'ContourGeometricType')];
  const uri = element(item, 'ContourData')?.BulkDataURI;
  const values = uri ? (bulk(uri) ?? '').split('\\').map(Number) : numbers(item, 'ContourData');
  const points = triplets(values.every(Number.isFinite) ? values : []);
  return type && points.length > 0 ? [{ type: points.length === 1 ? 'POINT' : type, points }] : [];
}

const hex = (values: readonly number[]): string | undefined => (values.length === 3 ? `#${values.map((value) => Math.min(255, Math.max(0, Math.round(value))).toString(16).padStart(2, '0')).join('')}` : undefined);

/** The regions of a structure set in its order, those without contours too. */
export function readStructureSet(dataSet: DataSet, bulk: BulkText = () => undefined): Region[] {
  const contours = new Map(items(dataSet, 'ROIContourSequence').map((item) => [number(item, 'ReferencedROINumber'), item]));
  const kinds = new Map(items(dataSet, 'RTROIObservationsSequence').map((item) => [number(item, 'ReferencedROINumber'), text(item, 'RTROIInterpretedType')]));
  return items(dataSet, 'StructureSetROISequence').map((item, index) => {
    const at = number(item, 'ROINumber') ?? index + 1;
    const drawn = contours.get(at);
    return {
      number: at,
      name: text(item, 'ROIName') || t('Region {n}', { n: at }),
      property: kinds.get(at) ?? '',
      colour: hex(numbers(drawn, 'ROIDisplayColor')) ?? colourOf(index),
      FrameOfReferenceUID: text(item, 'ReferencedFrameOfReferenceUID') || text(items(dataSet, 'ReferencedFrameOfReferenceSequence')[0], 'FrameOfReferenceUID'),
      contours: items(drawn, 'ContourSequence').flatMap((contour) => readContour(contour, bulk)),
    };
  });
}

/** The series that the object says it was drawn on. */
export function drawnOn(dataSet: DataSet): string[] {
  const studies = items(dataSet, 'ReferencedFrameOfReferenceSequence').flatMap((frame) => items(frame, 'RTReferencedStudySequence'));
  return studies.flatMap((study) => items(study, 'RTReferencedSeriesSequence')).map((series) => text(series, 'SeriesInstanceUID'));
}
