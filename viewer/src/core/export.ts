// Pictures that leave the viewer: their size and their names. Names say what it is and never whose. Pure.

import type { DisplaySet } from './stack';
import { FIT, imageSize, type ImageShape, type Size, type View } from './view';

/** A pane of CSS pixels, what it shows, and how many pixels of the picture a CSS pixel has. */
export interface Frame {
  pane: Size;
  view: View;
  ratio: number;
}

/** Characters of a file's name: systems take 255, with what is put behind it. */
const LONGEST_NAME = 80;

/** Text is made larger on pictures whose shorter side is above this. */
const READABLE = 700;

/** The whole image, one pixel of it a pixel of the picture (the shorter side of pixels that are not square), in quarter turns as on screen. */
export function ownFrame(view: View, shape: ImageShape): Frame {
  const { width, height } = imageSize(shape);
  const size = view.turns % 2 === 0 ? { width, height } : { width: height, height: width };
  const ratio = Math.max(1, Math.min(width, height) / READABLE);
  return { pane: { width: size.width / ratio, height: size.height / ratio }, view: { ...FIT, turns: view.turns, mirrored: view.mirrored }, ratio };
}

/** Pictures of a contact sheet at most: some pages of thirty. */
const MOST_ON_SHEETS = 150;

/** Which pictures of a series stand on its contact sheet: all, or one of every `step`. */
export function contactIndices(count: number): { indices: number[]; step: number } {
  const step = Math.max(1, Math.ceil(count / MOST_ON_SHEETS));
  return { indices: Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step), step };
}

/** "CT-3-axial-17": modality, series, plane, and which picture, counted from 1; or what else it is. */
export function pictureName(set: Pick<DisplaySet, 'modality' | 'number' | 'plane'>, which: number | string): string {
  const parts = [set.modality || 'image', set.number, set.plane, which];
  return parts.filter((part) => part !== undefined).join('-').replace(/[^A-Za-z0-9-]/g, '_').slice(0, LONGEST_NAME);
}
