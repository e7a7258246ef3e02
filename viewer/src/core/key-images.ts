// Key images: which pictures are marked, here or by Key Object Selections of the study (PS3.3 A.35.4, PS3.16 TID 2010). Pure.

import { items, numbers, text, type DataSet } from './dicom-json';
import { t } from './language';
import type { DisplaySet, Instance, Picture } from './stack';

/** A marked picture; frame 0: an object of one frame, or all frames of one that has several. */
export interface KeyImage {
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
  readonly frame: number;
}

/** A stored selection, in words, with the ids of its marks. */
export interface Selection {
  SOPInstanceUID: string;
  title: string;
  marks: ReadonlySet<string>;
}

const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
/** Titles that say something else than "look at these": rejected for quality or safety, wrong worklist entry, manifest, expired. */
const NOT_KEY = new Set(['113001', '113037', '113038', '113030', '113031', '113039']);

export const markId = (mark: Pick<KeyImage, 'SOPInstanceUID' | 'frame'>): string => `${mark.SOPInstanceUID}/${mark.frame}`;

export function markOf({ instance, frame }: Picture): KeyImage {
  return { SeriesInstanceUID: text(instance.dataSet, 'SeriesInstanceUID'), SOPInstanceUID: instance.SOPInstanceUID, frame: instance.frames > 1 ? frame : 0 };
}

export const isMarked = ({ instance, frame }: Picture, marks: ReadonlySet<string>): boolean =>
  marks.has(`${instance.SOPInstanceUID}/0`) || marks.has(`${instance.SOPInstanceUID}/${frame}`);

/** What a Key Object Selection selects; undefined for other objects, and for those that reject images. */
export function selectionOf({ dataSet, SOPClassUID, SOPInstanceUID }: Instance): Selection | undefined {
  const title = items(dataSet, 'ConceptNameCodeSequence')[0];
  if (SOPClassUID !== KEY_OBJECT_SELECTION || NOT_KEY.has(text(title, 'CodeValue'))) return undefined;
  const marks = new Set(items(dataSet, 'ContentSequence').flatMap(marksOf));
  return { SOPInstanceUID, title: text(title, 'CodeMeaning') || t('Key images'), marks };
}

function marksOf(item: DataSet): string[] {
  if (text(item, 'ValueType') !== 'IMAGE') return [];
  return items(item, 'ReferencedSOPSequence').flatMap((reference) => {
    const [sop, frames] = [text(reference, 'ReferencedSOPInstanceUID'), numbers(reference, 'ReferencedFrameNumber')];
    return (frames.length > 0 ? frames : [0]).map((frame) => `${sop}/${frame}`);
  });
}

/** The set with its marked pictures alone; undefined where it has none. */
export function markedOnly(set: DisplaySet, marks: ReadonlySet<string>): DisplaySet | undefined {
  const pictures = set.pictures.filter((picture) => isMarked(picture, marks));
  return pictures.length > 0 ? { ...set, pictures, warnings: [] } : undefined;
}
