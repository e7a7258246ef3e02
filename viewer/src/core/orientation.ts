// Edge letters of an image (PS3.3 C.7.6.1.1.1) after rotation and flip. Pure.

import { negate, type Orientation, type Vector } from './geometry';
import { screenAxes, type Pose } from './view';

export interface EdgeLetters {
  top: string;
  right: string;
  bottom: string;
  left: string;
}

const AXES: readonly (readonly [negative: string, positive: string])[] = [
  ['R', 'L'],
  ['A', 'P'],
  ['F', 'H'],
];
const OPPOSITE: Readonly<Record<string, string>> = { R: 'L', L: 'R', A: 'P', P: 'A', F: 'H', H: 'F' };

/** The letters a direction points to, strongest first: "L", "LA", "LAH". Components below 0.1 are left out. */
export function directionLetters(direction: Vector): string {
  return direction
    .map((component, axis) => ({ component, pair: AXES[axis] as readonly [string, string] }))
    .filter(({ component }) => Math.abs(component) > 0.1)
    .sort((a, b) => Math.abs(b.component) - Math.abs(a.component))
    .map(({ component, pair }) => (component < 0 ? pair[0] : pair[1]))
    .join('');
}

export const oppositeLetters = (letters: string): string => letters.replace(/[RLAPHF]/g, (letter) => OPPOSITE[letter] ?? letter);

/** Letters toward increasing column index and toward increasing row index; from the plane, else from PatientOrientation. */
function imageLetters(plane: Orientation | undefined, PatientOrientation: readonly string[]): { along: string; down: string } | undefined {
  if (plane) return { along: directionLetters(plane.row), down: directionLetters(plane.column) };
  const [along, down] = PatientOrientation;
  const plain = (value: string | undefined): string => (value && /^[RLAPHF]{1,3}$/.test(value) ? value : '');
  return along || down ? { along: plain(along), down: plain(down) } : undefined;
}

/** Letters of the four sides of the screen; undefined where the file says nothing about orientation. */
export function edgeLetters(plane: Orientation | undefined, PatientOrientation: readonly string[], pose: Pose): EdgeLetters | undefined {
  const letters = imageLetters(plane, PatientOrientation);
  if (!letters) return undefined;
  const { right, down } = screenAxes(pose);
  const toward = ([x, y]: readonly [number, number]): string => {
    const name = x !== 0 ? letters.along : letters.down;
    return x + y > 0 ? name : oppositeLetters(name);
  };
  return {
    right: toward(right),
    left: toward([-right[0], -right[1]]),
    bottom: toward(down),
    top: toward([-down[0], -down[1]]),
  };
}

/** Screen-space direction vectors in the patient, for those who draw more than letters. */
export function screenDirections(plane: Orientation, pose: Pose): { right: Vector; down: Vector } {
  const { right, down } = screenAxes(pose);
  const of = ([x, y]: readonly [number, number]): Vector => {
    const axis = x !== 0 ? plane.row : plane.column;
    return x + y > 0 ? axis : negate(axis);
  };
  return { right: of(right), down: of(down) };
}
