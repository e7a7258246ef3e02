// What the viewer needs of one picture all the time, read once: value transform, windows, spacing, pose letters' input.

import { numbers, text, texts } from './dicom-json';
import { modalityTransform, type ModalityTransform } from './modality';
import { spacingOf, type Spacing } from './spacing';
import { isColour, type Picture } from './stack';
import { windowsOf, type WindowChoice } from './window';

export interface PictureInfo {
  transform: ModalityTransform;
  windows: WindowChoice[];
  spacing: Spacing | undefined;
  PatientOrientation: string[];
  colour: boolean;
  /** MONOCHROME1: low values are bright. */
  lowIsBright: boolean;
}

/** To be read again: a table of the picture has come since. */
export const forgetPictureInfo = (picture: Picture): boolean => known.delete(picture);

const known = new WeakMap<Picture, PictureInfo>();

export function pictureInfo(picture: Picture): PictureInfo {
  const cached = known.get(picture);
  if (cached) return cached;
  const { dataSet } = picture.instance;
  const info: PictureInfo = {
    transform: modalityTransform(dataSet, picture.attributes),
    windows: windowsOf(picture.attributes),
    spacing: spacingOf(dataSet, numbers(picture.attributes, 'PixelSpacing')),
    PatientOrientation: texts(dataSet, 'PatientOrientation'),
    colour: isColour(dataSet),
    lowIsBright: text(dataSet, 'PhotometricInterpretation') === 'MONOCHROME1',
  };
  known.set(picture, info);
  return info;
}
