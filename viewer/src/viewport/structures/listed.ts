// Which objects of the open studies lie over pictures, and over which series. Pure.

import { items, text, type DataSet } from '../../core/dicom-json';
import { t } from '../../core/language';
import { RT_DOSE } from '../../core/structures/dose-grid';
import { isSegmentation, referencedSeries } from '../../core/structures/segmentation';
import { drawnOn, STRUCTURE_SET } from '../../core/structures/structure-set';
import type { DisplaySet } from '../../core/stack';
import type { SeriesEntry } from '../study-loader';
import type { ObjectKind, StructureObject } from './objects';

export function kindOf(SOPClassUID: string): ObjectKind | undefined {
  if (isSegmentation(SOPClassUID)) return 'SEG';
  if (SOPClassUID === STRUCTURE_SET) return 'RTSTRUCT';
  return SOPClassUID === RT_DOSE ? 'RTDOSE' : undefined;
}

const KINDS: Readonly<Record<ObjectKind, string>> = { SEG: 'Segmentation', RTSTRUCT: 'Structure set', RTDOSE: 'Dose', draft: 'Segmentation' };

function frameOfReference(kind: ObjectKind, dataSet: DataSet): string {
  const own = text(dataSet, 'FrameOfReferenceUID');
  if (own || kind !== 'RTSTRUCT') return own;
  const regions = items(dataSet, 'StructureSetROISequence').map((item) => text(item, 'ReferencedFrameOfReferenceUID'));
  return regions.find(Boolean) ?? text(items(dataSet, 'ReferencedFrameOfReferenceSequence')[0], 'FrameOfReferenceUID');
}

function titleOf(kind: ObjectKind, { description, instances }: DisplaySet): string {
  const dataSet = instances[0]?.dataSet;
  const said = text(dataSet, 'StructureSetLabel') || description || text(dataSet, 'ContentLabel') || text(dataSet, 'DoseComment');
  return said || t(KINDS[kind]);
}

function objectOf(set: DisplaySet, kind: ObjectKind): StructureObject {
  const dataSet = set.instances[0]?.dataSet ?? {};
  const refersTo = kind === 'SEG' ? referencedSeries(dataSet) : kind === 'RTSTRUCT' ? drawnOn(dataSet) : [];
  return { id: set.instances[0]?.SOPInstanceUID ?? '', kind, title: titleOf(kind, set), set, refersTo: refersTo.filter(Boolean), FrameOfReferenceUID: frameOfReference(kind, dataSet), status: 'new', visible: false, reason: '', notes: [], opacity: 0.35, structures: [] };
}

const made = new WeakMap<DisplaySet, StructureObject>();

/** The objects that lie over pictures, in the order of the series. */
export function listObjects(series: readonly SeriesEntry[]): StructureObject[] {
  return series.flatMap(({ sets }) => sets ?? []).flatMap((set) => {
    const kind = kindOf(set.instances[0]?.SOPClassUID ?? '');
    if (!kind) return [];
    const object = made.get(set) ?? objectOf(set, kind);
    made.set(set, object);
    return [object];
  });
}

/** Whether an object lies over the pictures of a set: it names the series, or, naming none that is here, shares its space. */
export function liesOver(object: StructureObject, set: DisplaySet, here: ReadonlySet<string>): boolean {
  if (set.kind === 'document' || set.id === object.set?.id || set.modality === 'RTDOSE') return false;
  if (object.refersTo.some((uid) => here.has(uid))) return object.refersTo.includes(set.SeriesInstanceUID);
  const frame = text(set.instances[0]?.dataSet, 'FrameOfReferenceUID');
  return frame !== '' && frame === object.FrameOfReferenceUID;
}
