// Measurements: points in pixels of one picture (the middle of the first pixel is 0, 0) and what a tool makes of them.

import type { ImagePlane } from '../plane';
import type { SuvChoice } from '../suv';
import type { Point } from '../view';
import type { Calibration } from './calibration';
import type { DrawnPath } from './path';
import type { Scale } from './scale';
import type { Values } from './region';

export type MeasureKind = 'length' | 'angle' | 'cobb' | 'bidirectional' | 'ellipse' | 'rectangle' | 'circle' | 'freehand' | 'probe' | 'isocontour' | 'calibration' | 'arrow' | 'ellipsoid' | 'path';

/** One result as a number. */
export interface Quantity {
  readonly quantity: 'length' | 'width' | 'height' | 'angle' | 'area' | 'mean' | 'deviation' | 'minimum' | 'maximum' | 'value' | 'peak' | 'volume' | 'glycolysis' | 'threshold';
  readonly value: number;
  readonly unit: string;
}

/** The stored image that a measurement was drawn on, or one of the volume whose plane it was drawn on. */
export interface ImagePlace {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
  readonly frame: number;
  readonly reformatted: boolean;
}

/** Of an isocontour region: what it is cut at, a share of its maximum or a value, and what a PET is read in. */
export interface Isocontour {
  readonly share?: number;
  readonly value?: number;
  readonly suv: SuvChoice;
}

/** A further diameter of an ellipsoid: a line with a picture of its own. */
export interface Diameter {
  readonly pictureId: string;
  readonly points: readonly Point[];
  readonly plane?: ImagePlane;
  readonly label?: Point;
  readonly image?: ImagePlace;
  readonly calibration?: Calibration;
  readonly source?: string;
}

/** The archive keeps no longer names. */
export const MOST_NAME = 200;

export interface Measurement {
  readonly id: string;
  readonly kind: MeasureKind;
  /** The picture it was drawn on. */
  readonly pictureId: string;
  readonly points: readonly Point[];
  /** The plane of that picture, where it has one: other pictures that hold all points show the measurement too. */
  readonly plane?: ImagePlane;
  /** Where the text was dragged to, in pixels from its anchor; undefined: beside the shape. */
  readonly label?: Point;
  readonly image?: ImagePlace;
  /** What it measured when it was last changed. */
  readonly values?: readonly Quantity[];
  /** Who says what a millimetre is; "" for the patient itself. */
  readonly source?: string;
  /** Of a calibration what it says, of others what they were measured with. */
  readonly calibration?: Calibration;
  readonly isocontour?: Isocontour;
  /** Its border in the patient, closed lines in the slices: x, y, z one behind the other. */
  readonly contours?: readonly (readonly number[])[];
  readonly further?: readonly Diameter[];
  /** Of a path; it has no points on a picture. */
  readonly path?: DrawnPath;
  /** Of an arrow the text beside it. */
  readonly name?: string;
  /** "#rrggbb". */
  readonly colour?: string;
  readonly locked?: boolean;
  readonly hidden?: boolean;
}

/** What is drawn, in pixels of the picture. */
export type Shape =
  | { kind: 'line'; from: Point; to: Point; helper?: boolean }
  | { kind: 'ellipse' | 'rectangle'; from: Point; to: Point }
  | { kind: 'polygon'; points: readonly Point[] }
  | { kind: 'cross'; at: Point };

export interface Surroundings {
  scale: Scale;
  values: Values;
}

export interface ToolDefinition {
  kind: MeasureKind;
  title: string;
  /** How many points are placed one after the other; Infinity: until the line is closed. */
  clicks: number;
  /** Its shape lies along the axes of the picture: only pictures with the same axes show it. */
  axial?: boolean;
  /** All points once those placed by hand are there. */
  complete?(points: readonly Point[], scale: Scale): Point[];
  /** Moves one point; others may follow. */
  move(points: readonly Point[], index: number, to: Point, scale: Scale): Point[];
  shapes(points: readonly Point[], scale: Scale): Shape[];
  /** What it measures, a line each. */
  texts(points: readonly Point[], around: Surroundings): string[];
  /** The same as numbers; none where it means nothing here. */
  values(points: readonly Point[], around: Surroundings): Quantity[];
}

/** Moves one point and leaves the others. */
export const moveOne = (points: readonly Point[], index: number, to: Point): Point[] => points.map((point, at) => (at === index ? to : point));
