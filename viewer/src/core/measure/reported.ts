// Measurements of structured reports (PS3.16 TID 1500 and others): results with the places they were taken from, in pixels
// of an image (SCOORD, PS3.3 C.18.6) or in the patient (SCOORD3D, C.18.9). Read only. Pure.

import { formatValue } from '../modality';
import { formatDate } from '../dates';
import { t } from '../language';
import { items, number, numbers, text, type DataSet } from '../dicom-json';
import type { Vector } from '../geometry';
import { toPixel, type ImagePlane } from '../plane';
import type { Picture } from '../stack';
import { storedId } from '../subtraction';
import type { Point } from '../view';
import { outline } from './outline';

/** Where something was measured: a graphic of points with two or three coordinates each. */
export interface ReportedPlace {
  graphic: string;
  points: readonly (readonly number[])[];
  /** Of places in the patient. */
  FrameOfReferenceUID: string;
  SOPInstanceUID: string;
  frames: readonly number[];
  /** Of pixels of an image in tiles: FRAME or VOLUME, of one tile or of the whole (C.18.6). */
  origin: string;
}

export interface ReportedMeasurement {
  id: string;
  name: string;
  /** A result each: "Length 34.2 mm". */
  results: readonly string[];
  places: readonly ReportedPlace[];
  /** It is an arrow from the first of its places along the second, or a text at its only place; it measures nothing. */
  arrow?: string;
}

/** What one report measured, and whose it is. */
export interface ReportedSource {
  SOPInstanceUID: string;
  title: string;
  measurements: readonly ReportedMeasurement[];
}

const GROUP = '125007';
/** Of a result whose millimetres come from a line of known length. */
const CALIBRATION_OBJECT_SIZE = '122423';
const [TRACKING, FINDING, DERIVATION, COMMENT] = ['112039', '121071', '121401', '121106'];
/** Places in the patient as near to a plane as this lie on it, in mm. */
const ON_PLANE = 0.5;
const DEEPEST = 24;

const meaning = (code: DataSet | undefined): string => text(code, 'CodeMeaning') || text(code, 'CodeValue');
const concept = (item: DataSet): DataSet | undefined => items(item, 'ConceptNameCodeSequence')[0];
const content = (item: DataSet): DataSet[] => items(item, 'ContentSequence');
const typeOf = (item: DataSet): string => text(item, 'ValueType');

export function readReported(dataSet: DataSet): ReportedSource | undefined {
  const measurements = found(dataSet, dataSet, text(dataSet, 'SOPInstanceUID'), 0);
  if (measurements.length === 0) return undefined;
  const by = [text(dataSet, 'SeriesDescription') || meaning(concept(dataSet)), text(dataSet, 'Manufacturer'), formatDate(text(dataSet, 'ContentDate'))];
  return { SOPInstanceUID: text(dataSet, 'SOPInstanceUID'), title: by.filter(Boolean).join(' · '), measurements };
}

/** Groups with results or places, and results with places of their own outside of groups. */
function found(item: DataSet, root: DataSet, key: string, depth: number): ReportedMeasurement[] {
  if (depth > DEEPEST) return [];
  const isGroup = typeOf(item) === 'CONTAINER' && text(concept(item), 'CodeValue') === GROUP;
  if (isGroup || typeOf(item) === 'NUM') {
    const measured = one(item, root, key);
    return measured.places.length > 0 || (isGroup && measured.results.length > 0) ? [measured] : [];
  }
  return content(item).flatMap((child, index) => found(child, root, `${key}.${index + 1}`, depth + 1));
}

function one(item: DataSet, root: DataSet, id: string): ReportedMeasurement {
  const all = typeOf(item) === 'NUM' ? [item] : content(item);
  const numbered = all.flatMap((child) => (typeOf(child) === 'NUM' ? resultOf(child) : []));
  const name = nameOf(all);
  const comments = all.filter((child) => typeOf(child) === 'TEXT' && text(concept(child), 'CodeValue') === COMMENT).map((child) => text(child, 'TextValue'));
  const results = [...numbered, ...comments.filter((comment) => comment !== name)];
  const seen = new Map(placesBelow(item, root, 0).map((place) => [JSON.stringify(place), place]));
  const places = [...seen.values()];
  return { id, name, results, places, ...(numbered.length === 0 && (isArrow(places) || isTextAlone(places, name, comments)) ? { arrow: comments.join(' ') } : {}) };
}

/** A point with nothing but a text, which it is tracked by, too: an arrow that is a text alone. */
const isTextAlone = ([at, ...more]: readonly ReportedPlace[], name: string, comments: readonly string[]): boolean => at?.graphic === 'POINT' && at.points.length === 1 && more.length === 0 && comments.length === 1 && comments[0] === name;

/** A point, and a line that begins there. */
function isArrow([tip, line, ...more]: readonly ReportedPlace[]): boolean {
  if (!tip || !line || more.length > 0 || tip.graphic !== 'POINT' || line.graphic !== 'POLYLINE' || line.points.length !== 2) return false;
  return JSON.stringify(tip.points[0]) === JSON.stringify(line.points[0]);
}

function nameOf(all: readonly DataSet[]): string {
  const said = (code: string): string => {
    const item = all.find((child) => text(concept(child), 'CodeValue') === code);
    return item ? text(item, 'TextValue') || meaning(items(item, 'ConceptCodeSequence')[0]) : '';
  };
  const tracked = said(TRACKING);
  return (/^[0-9a-f-]{16,}$|^[\d.]{16,}$/i.test(tracked) ? '' : tracked) || said(FINDING);
}

function resultOf(item: DataSet): string[] {
  const value = items(item, 'MeasuredValueSequence')[0];
  const amount = number(value, 'NumericValue');
  if (amount === undefined) return [];
  const unit = items(value, 'MeasurementUnitsCodeSequence')[0];
  const byHand = content(item).some((child) => text(concept(child), 'CodeValue') === CALIBRATION_OBJECT_SIZE) ? t('calibrated by hand') : '';
  const derived = content(item).find((child) => text(concept(child), 'CodeValue') === DERIVATION);
  const name = [meaning(concept(item)), derived && meaning(items(derived, 'ConceptCodeSequence')[0])];
  return [[...name, formatValue(amount), unitText(text(unit, 'CodeValue')), byHand].filter(Boolean).join(' ')];
}

const UNITS: Readonly<Record<string, string>> = { '1': '', mm2: 'mm²', cm2: 'cm²', mm3: 'mm³', cm3: 'cm³', um: 'µm', um2: 'µm²', deg: '°', "[hnsf'U]": 'HU', '{pixels}': 'px' };
/** Of SUV what they are, not of what kind: "{SUVbw}g/ml" is g/ml. */
const unitText = (code: string): string => UNITS[code] ?? (code.replace(/^\{SUV[^}]*\}(?=.)/, '').replace(/[{}]/g, '') || code);

function placesBelow(item: DataSet, root: DataSet, depth: number): ReportedPlace[] {
  if (depth > DEEPEST) return [];
  return content(item).flatMap((child) => {
    const meant = referenced(child, root) ?? child;
    const own = typeOf(meant) === 'SCOORD' || typeOf(meant) === 'SCOORD3D' ? placeOf(meant, root) : [];
    return [...own, ...placesBelow(child, root, depth + 1)];
  });
}

/** The item that a relationship by reference names: "1.2.3" counts from the root (C.17.3.2.5). */
function referenced(item: DataSet, root: DataSet): DataSet | undefined {
  const [, ...path] = numbers(item, 'ReferencedContentItemIdentifier');
  if (path.length === 0) return undefined;
  return path.reduce<DataSet | undefined>((at, place) => at && content(at)[place - 1], root);
}

function placeOf(item: DataSet, root: DataSet): ReportedPlace[] {
  const size = typeOf(item) === 'SCOORD3D' ? 3 : 2;
  const data = numbers(item, 'GraphicData');
  const points = Array.from({ length: Math.floor(data.length / size) }, (_, index) => data.slice(index * size, index * size + size));
  const image = content(item).map((child) => referenced(child, root) ?? child).find((child) => typeOf(child) === 'IMAGE');
  const target = items(image, 'ReferencedSOPSequence')[0];
  const place = {
    graphic: text(item, 'GraphicType'),
    points,
    FrameOfReferenceUID: text(item, 'ReferencedFrameOfReferenceUID'),
    SOPInstanceUID: text(target, 'ReferencedSOPInstanceUID'),
    frames: numbers(target, 'ReferencedFrameNumber'),
    origin: text(item, 'PixelOriginInterpretation'),
  };
  return points.length > 0 && (size === 3 || place.SOPInstanceUID) ? [place] : [];
}

/** The points of a place in pixels of a picture (the middle of the first is 0, 0); undefined where it is not on it. */
export function pixelsOf(place: ReportedPlace, picture: Picture, plane: ImagePlane | undefined): Point[] | undefined {
  if (place.points[0]?.length === 3) {
    if (!plane?.FrameOfReferenceUID || plane.FrameOfReferenceUID !== place.FrameOfReferenceUID) return undefined;
    const moved = place.points.map((point) => toPixel(plane, point as unknown as Vector));
    return moved.every(({ distance }) => Math.abs(distance) <= ON_PLANE) ? moved.map(({ pixel }) => pixel) : undefined;
  }
  const { SOPInstanceUID } = picture.instance;
  const here = SOPInstanceUID === place.SOPInstanceUID && storedId(picture.id) === `${SOPInstanceUID}/${picture.frame}`;
  const framed = picture.scale ? place.origin === 'VOLUME' : place.frames.length === 0 || place.frames.includes(picture.frame);
  return here && framed ? place.points.map(([x = 0, y = 0]): Point => [x - 0.5, y - 0.5]) : undefined;
}

/** A graphic as lines through points; single points are lines of one. */
export function linesOf(graphic: string, points: readonly Point[]): Point[][] {
  const [first, second, third, fourth] = points;
  if (graphic === 'POINT' || graphic === 'MULTIPOINT') return points.map((point) => [point]);
  if (graphic === 'CIRCLE' && first && second) return [around(first, [second[0] - first[0], second[1] - first[1]], [first[1] - second[1], second[0] - first[0]])];
  if (graphic === 'ELLIPSE' && first && second && third && fourth) {
    const half = (a: Point, b: Point): Point => [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
    return [around([(first[0] + second[0]) / 2, (first[1] + second[1]) / 2], half(first, second), half(third, fourth))];
  }
  return [graphic === 'POLYGON' && first ? [...points, first] : [...points]];
}

/** A closed curve about a centre by two half axes. */
function around([cx, cy]: Point, a: Point, b: Point): Point[] {
  return outline({ kind: 'ellipse', from: [-1, -1], to: [1, 1] }).map(([u, v]): Point => [cx + a[0] * u + b[0] * v, cy + a[1] * u + b[1] * v]);
}
