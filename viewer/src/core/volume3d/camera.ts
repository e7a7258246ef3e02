// Where a volume is looked at from: parallel rays, turned about the volume's middle. Pure.

import { cross, rotated, type Vector } from '../geometry';

export interface Camera {
  /** Directions in the patient: to the right and up on the screen, and away from the viewer. Unit vectors. */
  right: Vector;
  up: Vector;
  away: Vector;
  /** Screen height in mm is the volume's diagonal divided by this. */
  zoom: number;
  /** What lies in the middle of the screen, right and up of the volume's middle, in mm. */
  pan: readonly [number, number];
}

export type ViewName = 'A' | 'P' | 'L' | 'R' | 'H' | 'F';

/** From which side: anterior, posterior, left, right, head, feet. */
const SIDES: Readonly<Record<ViewName, { away: Vector; up: Vector }>> = {
  A: { away: [0, 1, 0], up: [0, 0, 1] },
  P: { away: [0, -1, 0], up: [0, 0, 1] },
  L: { away: [-1, 0, 0], up: [0, 0, 1] },
  R: { away: [1, 0, 0], up: [0, 0, 1] },
  H: { away: [0, 0, -1], up: [0, -1, 0] },
  F: { away: [0, 0, 1], up: [0, -1, 0] },
};

export const VIEW_NAMES = Object.keys(SIDES) as ViewName[];
export const [LEAST_ZOOM, MOST_ZOOM] = [0.5, 12];
export const FIRST_ZOOM = 1.35;

export function lookFrom(side: ViewName): Camera {
  const { away, up } = SIDES[side];
  return { right: cross(away, up), up, away, zoom: FIRST_ZOOM, pan: [0, 0] };
}

/** The camera after the volume was dragged by these angles to the right and down, in radians. */
export function turn(camera: Camera, across: number, down: number): Camera {
  const about = (v: Vector): Vector => rotated(rotated(v, camera.up, -across), camera.right, -down);
  return { ...camera, right: about(camera.right), up: about(camera.up), away: about(camera.away) };
}

export const zoomBy = (camera: Camera, factor: number): Camera => ({ ...camera, zoom: Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor)) });

/** Moves the volume by mm on the screen. */
export const panBy = (camera: Camera, right: number, up: number): Camera => ({ ...camera, pan: [camera.pan[0] - right, camera.pan[1] - up] });
