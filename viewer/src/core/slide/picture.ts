// The finest level of a slide as the one picture that measurements are drawn on: its pixels are those of the total pixel
// matrix (PS3.3 C.7.6.17), its place is that in the slide coordinate system (C.8.12.2.1). Pure.

import { items, number, numbers, type DataSet } from '../dicom-json';
import { readOrientation, type Vector } from '../geometry';
import { pixelScale, type Scale } from '../measure/scale';
import type { DisplaySet, Instance, Picture } from '../stack';
import { TAGS } from '../tags';
import { scaleOfSlide, sizeOfSlide } from './pyramid';

const known = new WeakMap<Instance, Picture>();

/** `instances` are those of a pyramid, the finest first. */
export function slidePicture(instances: readonly Instance[]): Picture | undefined {
  const [finest] = instances;
  if (!finest) return undefined;
  const made = known.get(finest) ?? read(finest);
  known.set(finest, made);
  return made;
}

/** What can be measured on in a set. */
export const measuredPictures = ({ slide, instances, pictures }: DisplaySet): readonly Picture[] => (slide ? [slidePicture(instances)].filter((picture) => picture !== undefined) : pictures);

function read(instance: Instance): Picture {
  const { dataSet, SOPInstanceUID } = instance;
  const [columns, rows] = sizeOfSlide(dataSet);
  const { spacing } = scaleOfSlide(dataSet, columns, rows);
  const [orientation, position] = [readOrientation(numbers(dataSet, 'ImageOrientationSlide')), originOf(dataSet)];
  const attributes: DataSet = {
    [TAGS.Columns]: { vr: 'UL', Value: [columns] },
    [TAGS.Rows]: { vr: 'UL', Value: [rows] },
    ...(spacing ? { [TAGS.PixelSpacing]: { vr: 'DS', Value: [spacing.y, spacing.x] } } : {}),
  };
  return { id: `${SOPInstanceUID}/1`, instance, frame: 1, attributes, scale: scaleBy(spacing), ...(orientation && position && spacing ? { orientation, position } : {}) };
}

/** What is written beside a length; nothing for Pixel Spacing, as in the patient. */
const SOURCES: Readonly<Record<string, string>> = { 'Imaged Volume': 'by imaged volume' };

/** Slides are measured in µm. */
const scaleBy = (spacing: ReturnType<typeof scaleOfSlide>['spacing']): Scale =>
  spacing ? { perColumn: spacing.x * 1000, perRow: spacing.y * 1000, unitX: 'µm', unitY: 'µm', provenance: SOURCES[spacing.provenance] ?? '' } : pixelScale();

/** The middle of the first pixel in mm; its height is in µm in the file. */
function originOf(dataSet: DataSet): Vector | undefined {
  const [origin] = items(dataSet, 'TotalPixelMatrixOriginSequence');
  const [x, y, z = 0] = [number(origin, 'XOffsetInSlideCoordinateSystem'), number(origin, 'YOffsetInSlideCoordinateSystem'), number(origin, 'ZOffsetInSlideCoordinateSystem')];
  return x === undefined || y === undefined ? undefined : [x, y, z / 1000];
}
