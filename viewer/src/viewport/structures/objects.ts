// What the viewer knows of segmentations, structure sets and doses: read or not, shown or not, and with it what they draw.

import type { Vector } from '../../core/geometry';
import type { ContourStack } from '../../core/structures/contours';
import type { DoseGrid, Prescription } from '../../core/structures/dose-grid';
import type { MaskSlices, SliceGrid } from '../../core/structures/slice-grid';
import type { Property } from '../../core/structures/properties';
import type { StoredDvh } from '../../core/structures/dvh-table';
import type { Contour } from '../../core/structures/structure-set';
import type { DisplaySet } from '../../core/stack';

export type Shape =
  | { kind: 'mask'; grid: SliceGrid; slices: MaskSlices }
  /** Without a place in the patient: whole masks of pictures, by their id. */
  | { kind: 'pictures'; masks: ReadonlyMap<string, Uint8Array> }
  | { kind: 'contours'; contours: readonly Contour[]; stack: ContourStack | undefined; half: number; FrameOfReferenceUID: string };

export interface Structure {
  id: string;
  number: number;
  name: string;
  /** Category and type, or what a region is for. */
  property: string;
  /** The same as codes, of segments. */
  codes?: Property | undefined;
  colour: string;
  visible: boolean;
  /** ml; undefined where it cannot be said. */
  volume: number | undefined;
  voxels: number | undefined;
  /** A place to jump to. */
  middle: Vector | undefined;
  shape: Shape;
}

export interface IsodoseLevel {
  /** In percent of the reference dose. */
  percent: number;
  colour: string;
  visible: boolean;
}

export interface ShownDose {
  grid: DoseGrid;
  /** Percents are of this: the prescription, else the highest dose. */
  reference: Prescription;
  levels: readonly IsodoseLevel[];
  wash: boolean;
  lines: boolean;
  opacity: number;
  stored: ReadonlyMap<number, StoredDvh>;
}

export type ObjectKind = 'SEG' | 'RTSTRUCT' | 'RTDOSE' | 'draft';

export interface StructureObject {
  /** SOPInstanceUID; "draft" for what is being painted. */
  id: string;
  kind: ObjectKind;
  title: string;
  set: DisplaySet | undefined;
  /** Series it says it belongs to; without any those of its frame of reference count. */
  refersTo: readonly string[];
  FrameOfReferenceUID: string;
  status: 'new' | 'loading' | 'ready' | 'refused';
  visible: boolean;
  /** Why it cannot be shown. */
  reason: string;
  notes: readonly string[];
  /** Of fills, 0 to 1. */
  opacity: number;
  structures: readonly Structure[];
  dose?: ShownDose;
}
