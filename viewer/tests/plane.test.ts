import { describe, expect, it } from 'vitest';
import { LINKS, linkedIndex } from '../src/core/links';
import { crossing, nearestPicture, planeOf, toPatient, toPixel } from '../src/core/plane';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { slice } from './builders';

const FOR = { FrameOfReferenceUID: '1.9', Rows: 100, Columns: 200, PixelSpacing: [2, 0.5] };
const stack = (uid: string, places: number[], extra: object = {}): DisplaySet =>
  displaySets(places.map((z) => slice({ SeriesInstanceUID: uid, ImagePositionPatient: [-50, -100, z], ...FOR, ...extra })))[0] as DisplaySet;
const coronal = displaySets([-60, 0, 20].map((y) => slice({ SeriesInstanceUID: '1.3', ImageOrientationPatient: [1, 0, 0, 0, 0, -1], ImagePositionPatient: [-50, y, 80], ...FOR })))[0] as DisplaySet;

describe('planes', () => {
  const plane = planeOf(stack('1.2', [0, 5, 10]).pictures[1]);
  if (!plane) throw new Error('no plane');
  it('lead from pixels to the patient: columns by the second spacing, rows by the first', () => expect(toPatient(plane, [10, 3])).toEqual([-45, -94, 5]));
  it('and back, with the distance', () => expect(toPixel(plane, [-45, -94, 8])).toEqual({ pixel: [10, 3], distance: 3 }));
  it('cut one another where they meet', () => {
    const other = planeOf(coronal.pictures[1]);
    const line = other && crossing(plane, other);
    // The coronal plane at y = 0 lies at row 50 of the axial one.
    expect(line?.map(([, y]) => y)).toEqual([50, 50]);
    expect(line?.map(([x]) => x).sort((a, b) => a - b)).toEqual([-0.5, 199.5]);
    expect(crossing(plane, plane)).toBeUndefined();
  });
});

describe('linked scrolling', () => {
  const [thick, thin] = [stack('1.2', [0, 5, 10]), stack('1.4', Array.from({ length: 21 }, (_, z) => z / 2))];
  it('goes by position in the same frame of reference', () => {
    expect(nearestPicture(thin.pictures, [0, 0, 5.1])?.index).toBe(10);
    expect(linkedIndex(thick, 2, thin, { own: 1, other: 0 }, LINKS)).toBe(20);
    expect(linkedIndex(thin, 7, thick, { own: 6, other: 0 }, LINKS)).toBe(1);
  });
  it('leaves planes that are not parallel alone', () => expect(linkedIndex(thick, 2, coronal, { own: 1, other: 0 }, LINKS)).toBeUndefined());
  it('goes by offset elsewhere, if wished', () => {
    const stranger = stack('1.5', [0, 1, 2, 3], { FrameOfReferenceUID: '1.8' });
    const links = { ...LINKS, offset: true };
    expect(linkedIndex(thick, 2, stranger, { own: 1, other: 1 }, LINKS)).toBeUndefined();
    expect(linkedIndex(thin, 8, stranger, { own: 4, other: 1 }, links)).toBe(3);
    // Steps of half a millimetre: the fourth of them is two pictures, none of them is lost.
    expect([5, 6, 7, 8].map((index) => linkedIndex(thin, index, stranger, { own: 4, other: 1 }, links))).toEqual([1, 2, 2, 3]);
    expect(linkedIndex(thick, 2, coronal, { own: 0, other: 0 }, links)).toBeUndefined();
    const flat = displaySets([1, 2, 3].map((n) => slice({ SeriesInstanceUID: '1.6', InstanceNumber: n, ImageOrientationPatient: [] })))[0] as DisplaySet;
    expect(linkedIndex(thick, 2, flat, { own: 1, other: 1 }, links)).toBe(2);
  });
});
