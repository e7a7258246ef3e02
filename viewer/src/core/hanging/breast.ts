// Mammograms as they are hung: chest walls facing each other in the middle, axilla or lateral side up, all at one scale. Pure.

import { edgeLetters } from '../orientation';
import { imageSize, screenAxes, type ImageShape, type Pose, type Size, type View } from '../view';

const POSES: readonly Pose[] = [false, true].flatMap((mirrored) => ([0, 1, 2, 3] as const).map((turns) => ({ turns, mirrored })));

/** The letters wanted at the right and at the bottom: the right breast's chest wall is at the right, the left one's at the left. */
function wanted(side: 'R' | 'L', view: string): { right: string; bottom: string } {
  const medial = side === 'R' ? 'L' : 'R';
  return { right: side === 'R' ? 'P' : 'A', bottom: view === 'CC' ? medial : 'F' };
}

/** The pose that puts a mammogram as it is read; undefined where PatientOrientation does not say how it lies. */
export function breastPose(side: 'R' | 'L', view: string, PatientOrientation: readonly string[]): Pose | undefined {
  const { right, bottom } = wanted(side, view);
  return POSES.find((pose) => {
    const letters = edgeLetters(undefined, PatientOrientation, pose);
    return letters !== undefined && letters.right.startsWith(right) && letters.bottom.includes(bottom);
  });
}

export interface Mammogram {
  shape: ImageShape;
  pane: Size;
  pose: Pose;
  side: 'R' | 'L';
  /** mm of an image unit. */
  unit: number;
}

const turned = ({ shape, pose }: Mammogram): Size => {
  const { width, height } = imageSize(shape);
  return pose.turns % 2 === 0 ? { width, height } : { width: height, height: width };
};

const fit = (one: Mammogram): number => Math.min(one.pane.width / turned(one).width, one.pane.height / turned(one).height);

/** CSS pixels per mm at which all of them fit their panes. */
export const commonScale = (all: readonly Mammogram[]): number => Math.min(...all.map((one) => fit(one) / one.unit));

/** The view at a scale in CSS pixels per mm, with the chest wall at the pane's inner edge. */
export function breastView(one: Mammogram, scale: number): View {
  const perUnit = scale * one.unit;
  const free = (one.pane.width / perUnit - turned(one).width) / 2;
  const shift = one.side === 'R' ? -free : free;
  const { right } = screenAxes(one.pose);
  return { ...one.pose, zoom: perUnit / fit(one), x: shift * right[0], y: shift * right[1] };
}
