import { describe, expect, it } from 'vitest';
import { readOrientation } from '../src/core/geometry';
import { directionLetters, edgeLetters, oppositeLetters } from '../src/core/orientation';
import { dragTurn } from '../src/core/gesture';
import { degreesOf, FIT, flippedHorizontally, flippedVertically, paneToPixel, pixelToPane, rotated, scaleOf, turned as turnedIn, type View } from '../src/core/view';

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

const shape = { columns: 40, rows: 30, pixelWidth: 2, pixelHeight: 1 };
const pane = { width: 500, height: 400 };
const turned = (view: View, degrees: number): View => turnedIn(view, degrees, shape, pane);

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

  it.each([
    ['a little to the right', turned(FIT, 20), 'AR LA PL RP'],
    ['far to the left', turned(FIT, -80), 'LA PL RP AR'],
    ['to a quarter', turned(turned(FIT, 50), 40), 'R A L P'],
    ['half a turn and more', turned(FIT, 3 * 360 + 185), 'P R A L'],
    ['a little, then flipped left to right', flippedHorizontally(turned(FIT, 20)), 'AR RP PL LA'],
    ['a little, then flipped top to bottom', flippedVertically(turned(FIT, 20)), 'PL LA AR RP'],
    ['a little, then to the next quarter', rotated(turned(FIT, 20), 1), 'R A L P'],
  ])('turned %s', (_, view, expected) => expect(around(edgeLetters(AXIAL, [], view))).toBe(expected));
  it('takes the nearest axis of PatientOrientation', () => expect([30, 60].map((angle) => around(edgeLetters(undefined, ['A', 'F'], turned(FIT, angle))))).toEqual(['H A F P', 'P H A F']));

  it('falls back to PatientOrientation', () => expect(around(edgeLetters(undefined, ['A', 'F'], FIT))).toBe('H A F P'));
  it('says nothing where the file says nothing', () => expect(edgeLetters(undefined, [], FIT)).toBeUndefined());
  it('refuses what is no orientation', () => expect(plane(1, 0, 0, 1, 0, 0)).toBeUndefined());
});

describe('a picture that is turned freely', () => {
  it('stays at its place in the middle, clockwise, in its true shape', () => {
    const at = (angle: number, pixel: readonly [number, number]) => pixelToPane(pixel, turned({ ...FIT, zoom: 1.5, x: 3, y: -4 }, angle), shape, pane);
    const middle = paneToPixel([250, 200], { ...FIT, zoom: 1.5, x: 3, y: -4 }, shape, pane);
    const [still, moved] = [at(0, [middle[0] + 5, middle[1]]), at(30, [middle[0] + 5, middle[1]])];
    const reach = still[0] - 250;
    expect(at(30, middle).map(Math.round)).toEqual([250, 200]);
    expect(moved[0]).toBeCloseTo(250 + reach * Math.cos(Math.PI / 6));
    expect(moved[1]).toBeCloseTo(200 + reach * Math.sin(Math.PI / 6));
  });
  it.each([17, -44, 100, 200])('is measured where it is seen: %d°', (angle) => {
    const view = flippedHorizontally(turned({ ...FIT, zoom: 2, x: 1, y: 2 }, angle));
    const [column, row] = paneToPixel(pixelToPane([12, 7], view, shape, pane), view, shape, pane);
    expect([column, row].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([12, 7]);
  });
  it('keeps its size past the nearest quarter', () => expect(scaleOf(turned({ ...FIT, zoom: 2 }, 50), shape, pane)).toBeCloseTo(scaleOf({ ...FIT, zoom: 2 }, shape, pane)));
  it('follows the pointer about the middle', () => {
    expect(dragTurn([10, 0], [0, 10], [0, 0])).toBeCloseTo(90);
    expect(dragTurn([-10, 1], [-10, -1], [0, 0])).toBeCloseTo((2 * Math.atan(0.1) * 180) / Math.PI);
    expect(degreesOf(turned(rotated(FIT, 1), 13))).toBe(103);
  });
});
