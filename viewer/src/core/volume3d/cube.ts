// The cube that says which way a volume is turned: faces with the letters of the patient's sides. Pure.

import { cross, dot, type Vector } from '../geometry';
import { add, scaled } from '../plane';
import type { Camera, ViewName } from './camera';

export interface Face {
  side: ViewName;
  /** Corners on the screen, right and down, of a cube whose edges are 2 long. */
  corners: [number, number][];
  centre: [number, number];
  /** How much the face is turned to the viewer, 0 to 1. */
  facing: number;
}

const NORMALS: Readonly<Record<ViewName, Vector>> = { L: [1, 0, 0], R: [-1, 0, 0], P: [0, 1, 0], A: [0, -1, 0], H: [0, 0, 1], F: [0, 0, -1] };

/** The faces that are seen, the most turned away first. */
export function facesOf({ right, up, away }: Camera): Face[] {
  const screen = (place: Vector): [number, number] => [dot(place, right), -dot(place, up)];
  return Object.entries(NORMALS)
    .map(([side, normal]): Face => {
      const first: Vector = Math.abs(normal[2]) > 0.5 ? [1, 0, 0] : [0, 0, 1];
      const second = cross(normal, first);
      const corners = [[1, 1], [1, -1], [-1, -1], [-1, 1]].map(([a, b]) => screen(add(add(normal, first, a), second, b)));
      return { side: side as ViewName, corners, centre: screen(scaled(normal, 1)), facing: -dot(normal, away) };
    })
    .filter(({ facing }) => facing > 0.01)
    .sort((a, b) => a.facing - b.facing);
}
