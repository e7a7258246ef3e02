import { describe, expect, it } from 'vitest';
import { readOrientation } from '../src/core/geometry';
import { directionLetters, edgeLetters, oppositeLetters } from '../src/core/orientation';
import { FIT, flippedHorizontally, flippedVertically, rotated } from '../src/core/view';

const plane = (...values: number[]) => readOrientation(values);
const around = (letters: ReturnType<typeof edgeLetters>) => letters && [letters.top, letters.right, letters.bottom, letters.left].join(' ');
const AXIAL = plane(1, 0, 0, 0, 1, 0);

describe('directionLetters', () => {
  it.each([
    [[1, 0, 0], 'L'],
    [[-1, 0, 0], 'R'],
    [[0, 0, 1], 'H'],
    [[0, 0.09, -0.996], 'F'],
    [[0.7, -0.6, 0.39], 'LAH'],
    [[0.2, 0.97, 0], 'PL'],
  ] as const)('%j points to %s', (direction, letters) => expect(directionLetters(direction)).toBe(letters));
  it('has opposites', () => expect(oppositeLetters('LAH')).toBe('RPF'));
});

describe('edgeLetters', () => {
  it.each([
    ['axial', AXIAL, 'A L P R'],
    ['coronal', plane(1, 0, 0, 0, 0, -1), 'H L F R'],
    ['sagittal', plane(0, 1, 0, 0, 0, -1), 'H P F A'],
  ] as const)('of %s', (_, orientation, expected) => expect(around(edgeLetters(orientation, [], FIT))).toBe(expected));

  it.each([
    ['rotated right', rotated(FIT, 1), 'R A L P'],
    ['rotated left', rotated(FIT, -1), 'L P R A'],
    ['turned over', rotated(rotated(FIT, 1), 1), 'P R A L'],
    ['flipped left to right', flippedHorizontally(FIT), 'A R P L'],
    ['flipped top to bottom', flippedVertically(FIT), 'P L A R'],
    ['rotated right, then flipped left to right', flippedHorizontally(rotated(FIT, 1)), 'R P L A'],
    ['rotated right, then flipped top to bottom', flippedVertically(rotated(FIT, 1)), 'L A R P'],
    ['flipped left to right, then rotated right', rotated(flippedHorizontally(FIT), 1), 'L A R P'],
  ])('%s', (_, view, expected) => expect(around(edgeLetters(AXIAL, [], view))).toBe(expected));

  it('falls back to PatientOrientation', () => expect(around(edgeLetters(undefined, ['A', 'F'], FIT))).toBe('H A F P'));
  it('says nothing where the file says nothing', () => expect(edgeLetters(undefined, [], FIT)).toBeUndefined());
  it('refuses what is no orientation', () => expect(plane(1, 0, 0, 1, 0, 0)).toBeUndefined());
});
