// What the viewer needs of one picture all the time, read once: value transform, windows, spacing, pose letters' input.

import { numbers, text, texts } from './dicom-json';
import { modalityTransform, type ModalityTransform } from './modality';
import { paddingOf, type Padding } from './padding';
import { spacingOf, ultrasoundRegions, type Spacing, type UltrasoundRegion } from './spacing';
import { isColour, type Picture } from './stack';
import { pixelShape } from './view';
import { windowsOf, type WindowChoice } from './window';

export interface PictureInfo {
  transform: ModalityTransform;
  windows: WindowChoice[];
  spacing: Spacing | undefined;
  /** Ultrasound regions, each with its own scale. */
  regions: UltrasoundRegion[];
  padding: Padding | undefined;
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
    transform: modalityTransform(dataSet, picture.attributes, picture.instance.firstAcquired),
    windows: windowsOf(picture.attributes),
    spacing: spacingAlong(picture, spacingOf(dataSet, numbers(picture.attributes, 'PixelSpacing'))),
    regions: ultrasoundRegions(dataSet),
    padding: paddingOf(dataSet),
    PatientOrientation: texts(dataSet, 'PatientOrientation'),
    colour: isColour(dataSet),
    lowIsBright: text(dataSet, 'PhotometricInterpretation') === 'MONOCHROME1',
  };
  known.set(picture, info);
  return info;
}

/** In a straightened picture a mm is one of the path, not one of the patient. */
const spacingAlong = ({ path }: Picture, spacing: Spacing | undefined): Spacing | undefined => (spacing && path?.kind === 'straightened' ? { ...spacing, provenance: 'along the path' } : spacing);

/** The spacing at a pixel: that of its ultrasound region where there are any, else that of the whole picture. */
export function spacingAt(picture: Picture, pixel: readonly [number, number] | undefined): Spacing | undefined {
  const { spacing, regions } = pictureInfo(picture);
  return regions.length > 0 && pixel ? spacingOf(picture.instance.dataSet, [], pixel) : spacing;
}

/** Proportions of the pixels of a picture, from their spacing, else from Pixel Aspect Ratio. */
export function pixelShapeOf(picture: Picture): { pixelWidth: number; pixelHeight: number } {
  const { dataSet } = picture.instance;
  const spacing = spacingOf(dataSet, numbers(picture.attributes, 'PixelSpacing'));
  return pixelShape(spacing ? [spacing.row, spacing.column] : [], numbers(dataSet, 'PixelAspectRatio'));
}
