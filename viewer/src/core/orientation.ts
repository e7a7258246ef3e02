// Edge letters of an image (PS3.3 C.7.6.1.1.1) after rotation and flip. Pure.

import type { Orientation, Vector } from './geometry';
import { screenAxes, type Point, type Pose } from './view';

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

const along = ({ row, column }: Orientation, x: number, y: number): Vector => [row[0] * x + column[0] * y, row[1] * x + column[1] * y, row[2] * x + column[2] * y];

/** What PatientOrientation says of the axis that a direction in the image is nearest to. */
function nearestLetters([x, y]: Point, [columns = '', rows = '']: readonly string[]): string {
  const letters = Math.abs(x) > Math.abs(y) ? columns : rows;
  if (!/^[RLAPHF]{1,3}$/.test(letters)) return '';
  return x + y > 0 ? letters : oppositeLetters(letters);
}

/** Letters of the four sides of the screen, from the plane, else from PatientOrientation; undefined where the file says nothing. */
export function edgeLetters(plane: Orientation | undefined, PatientOrientation: readonly string[], pose: Pose): EdgeLetters | undefined {
  if (!plane && !PatientOrientation[0] && !PatientOrientation[1]) return undefined;
  const { right, down } = screenAxes(pose);
  const toward = ([x, y]: Point): string => (plane ? directionLetters(along(plane, x, y)) : nearestLetters([x, y], PatientOrientation));
  return {
    right: toward(right),
    left: toward([-right[0], -right[1]]),
    bottom: toward(down),
    top: toward([-down[0], -down[1]]),
  };
}
