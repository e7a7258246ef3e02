import { describe, expect, it } from 'vitest';
import { imageText } from '../src/core/corner-text';
import { curveThrough, distinct, nearestStation, type Curve, type Station } from '../src/core/curve';
import { angleOf, curvedSets, UNTURNED, type Curved } from '../src/core/curved';
import { cross, dot, length, type Vector } from '../src/core/geometry';
import { edgeLetters } from '../src/core/orientation';
import { pictureInfo } from '../src/core/picture-info';
import { add, nearestCentre, planeOf, subtract, toPatient } from '../src/core/plane';
import { OUTSIDE, VoxelStore, type Cut } from '../src/core/reslice';
import { displaySets, type DisplaySet, type Picture } from '../src/core/stack';
import { FIT } from '../src/core/view';
import { volumeOf, voxelToPatient, type Volume } from '../src/core/volume';
import { slice } from './builders';

/** A helix of two turns: radius and rise of a turn in mm. */
const [RADIUS, RISE] = [20, 25];
const helix = (angle: number): Vector => [RADIUS * Math.cos(angle), RADIUS * Math.sin(angle), (RISE * angle) / (2 * Math.PI)];
const TURNS = 4 * Math.PI;
const ARC = TURNS * Math.hypot(RADIUS, RISE / (2 * Math.PI));
const points = (count: number): Vector[] => Array.from({ length: count }, (_, k) => helix((TURNS * k) / (count - 1)));
const drawn = (through: readonly Vector[], fine = 0.5): Curve => curveThrough(through, fine, 1024) as Curve;
const at = (curve: Curve, k: number): Station => curve.stations[k] as Station;

describe('a path', () => {
  it('goes through its points in their order', () => {
    const wanted = points(9);
    const { stations, step } = drawn(wanted);
    const nearest = wanted.map((point) => stations.findIndex(({ place }) => length(subtract(place, point)) <= step / 2 + 0.01));
    expect(nearest[0]).toBe(0);
    expect(nearest.at(-1)).toBe(stations.length - 1);
    expect(nearest).toEqual([...nearest].sort((a, b) => a - b));
  });
  it('is as long as the helix it follows, in equal steps', () => {
    const curve = drawn(points(25));
    expect(Math.abs(curve.length / ARC - 1)).toBeLessThan(0.002);
    expect(curve.step * (curve.stations.length - 1)).toBeCloseTo(curve.length, 9);
    for (let k = 1; k < curve.stations.length; k += 1) expect(length(subtract(at(curve, k).place, at(curve, k - 1).place))).toBeCloseTo(curve.step, 2);
  });
  it('of two points is a straight line, exactly', () => {
    const curve = drawn([[1, 2, 3], [1, 2, 43]]);
    expect(curve.length).toBeCloseTo(40, 9);
    at(curve, 20).place.forEach((x, axis) => expect(x).toBeCloseTo([1, 2, 13][axis] as number, 9));
  });
  it('has no more stations than it may', () => expect(curveThrough(points(25), 0.1, 200)?.stations.length).toBe(200));
  it('needs two places', () => {
    expect(curveThrough([[1, 1, 1]], 1, 99)).toBeUndefined();
    expect(curveThrough([[1, 1, 1], [1, 1, 1.01]], 1, 99)).toBeUndefined();
    expect(distinct([[1, 1, 1], [1, 1, 1.01], [1, 1, 3]])).toEqual([[1, 1, 1], [1, 1, 3]]);
  });
  it('says between which points a station lies, and which is nearest to a place', () => {
    const curve = drawn(points(9));
    expect([at(curve, 0).segment, curve.stations.at(-1)?.segment]).toEqual([0, 7]);
    expect(nearestStation(curve, add(at(curve, 77).place, at(curve, 77).right, 3))).toBe(77);
  });
});

describe('the frame along a path', () => {
  const curve = drawn(points(25));
  it('stands upright on it everywhere', () => {
    curve.stations.forEach(({ right, down, normal }, k) => {
      [length(right) - 1, length(down) - 1, dot(right, down), dot(right, normal)].forEach((x) => expect(x).toBeCloseTo(0, 9));
      cross(right, down).forEach((x, axis) => expect(x).toBeCloseTo(normal[axis] as number, 9));
      const along = subtract(at(curve, Math.min(k + 1, curve.stations.length - 1)).place, at(curve, Math.max(k - 1, 0)).place);
      expect(Math.abs(dot(along, normal)) / length(along)).toBeCloseTo(1, 4);
    });
  });
  it('does not twist about it: what it turns by lies along no more than the bend', () => {
    const twists = curve.stations.slice(1).map(({ right, down }, k) => {
      const before = at(curve, k);
      return Math.abs(dot(right, before.down) - dot(down, before.right)) / 2 / curve.step;
    });
    // The torsion of this helix, by which a Frenet frame would turn, in radians a mm.
    const pitch = RISE / (2 * Math.PI);
    const torsion = pitch / (RADIUS ** 2 + pitch ** 2);
    expect(torsion).toBeGreaterThan(0.009);
    expect(Math.max(...twists)).toBeLessThan(torsion / 50);
  });
  it('comes back unturned on a closed plane path', () => {
    const ring = drawn(Array.from({ length: 17 }, (_, k): Vector => [30 * Math.cos((k * Math.PI) / 8), 30 * Math.sin((k * Math.PI) / 8), 5]));
    const [first, last] = [at(ring, 0), ring.stations.at(-1) as Station];
    expect(dot(first.normal, last.normal)).toBeGreaterThan(0.9);
    expect(dot(first.down, last.down)).toBeCloseTo(1, 6);
  });
  it.each([
    ['up', [0, 0, 40], ['L', 'R', 'A', 'P']],
    ['down', [0, 0, -40], ['L', 'R', 'A', 'P']],
    ['to the back', [0, 40, 0], ['L', 'R', 'H', 'F']],
    ['to the left', [40, 0, 0], ['P', 'A', 'H', 'F']],
  ] as const)('is looked at like the nearest plane of the patient: %s', (_, end, letters) => {
    const { right, down } = at(drawn([[0, 0, 0], [...end]]), 3);
    const edges = edgeLetters({ row: right, column: down }, [], FIT);
    expect([edges?.right, edges?.left, edges?.top, edges?.bottom]).toEqual(letters);
  });
});

/** A volume of 0.8 × 0.8 × 1 mm that holds the helix as a tube. */
const [TUBE, BACK, BORE] = [1000, -200, 6];
const SIZE = 72;

function distanceToHelix(place: Vector): number {
  const turn = (place[2] / RISE) * 2 * Math.PI;
  let best = Infinity;
  for (let k = -24; k <= 24; k += 1) best = Math.min(best, length(subtract(place, helix(Math.min(TURNS, Math.max(0, turn + (k * Math.PI) / 24))))));
  return best;
}

function tube(): { set: DisplaySet; volume: Volume; store: VoxelStore } {
  const slices = Array.from({ length: 63 }, (_, k) => slice({ FrameOfReferenceUID: '1.9', Modality: 'CT', Rows: SIZE, Columns: SIZE, PixelSpacing: [0.8, 0.8], ImageOrientationPatient: [1, 0, 0, 0, 1, 0], ImagePositionPatient: [-28.4, -28.4, k - 6], SliceThickness: 1, BitsStored: 16, PixelRepresentation: 1, InstanceNumber: k }));
  const [set] = displaySets(slices) as [DisplaySet];
  const answer = volumeOf(set);
  if ('reason' in answer) throw new Error(answer.reason);
  const { volume } = answer;
  const store = new VoxelStore(volume.geometry, true);
  volume.geometry.places.forEach((place, k) => {
    store.put(k, Array.from({ length: SIZE * SIZE }, (_, index) => (distanceToHelix(voxelToPatient(volume.geometry, [index % SIZE, Math.floor(index / SIZE), place])) <= BORE ? TUBE : BACK)));
  });
  return { set, volume, store };
}

describe('a tube along a helix', () => {
  const { set, volume, store } = tube();
  const curve = drawn(points(25), 0.8);
  const { step, stations } = curve;
  const curved = curvedSets({ source: set, volume, floating: true, width: 24, version: 1 }, curve);
  const thin = { thickness: 0, mode: 'max' } as const;
  const cutOf = ({ cutOf: cut }: Curved, picture: Picture | undefined, slab: Parameters<Curved['cutOf']>[1] = thin): Cut => cut(picture?.id ?? '', slab) as Cut;
  const cut = (index: number, slab?: Parameters<Curved['cutOf']>[1]): Float32Array => store.cut(cutOf(curved, curved.straightened.pictures[index], slab)).pixels;
  const rows = cutOf(curved, curved.straightened.pictures[UNTURNED]).rows;
  /** Pixels of a column that are in the tube, where its border is half between both values. */
  const bore = (pixels: Float32Array, x: number): number[] => Array.from({ length: rows }, (_, y) => y).filter((y) => (pixels[y * stations.length + x] as number) > (TUBE + BACK) / 2);

  it.each([0, UNTURNED, UNTURNED + 7, 2 * UNTURNED])('is straight and as wide as it is, in mm, from any side (%i)', (index) => {
    const pixels = cut(index);
    const middle = (rows - 1) / 2;
    for (let x = 12; x < stations.length - 12; x += 1) {
      const inside = bore(pixels, x);
      expect(Math.abs(inside.length * step - 2 * BORE)).toBeLessThanOrEqual(2 * step);
      expect(Math.abs((inside[0] as number) + (inside.at(-1) as number) - 2 * middle)).toBeLessThanOrEqual(2);
      expect(pixels[middle * stations.length + x]).toBe(TUBE);
      expect(pixels[x]).toBeLessThanOrEqual(BACK);
    }
  });
  it('is as long as the arc, and says what a mm is', () => {
    const [picture] = curved.straightened.pictures;
    expect(step * (stations.length - 1)).toBeCloseTo(curve.length, 9);
    expect(pictureInfo(picture as Picture).spacing).toEqual({ row: step, column: step, provenance: 'along the path' });
    expect(rows * step).toBeGreaterThan(24 - step);
  });
  it('has the value of the place of each pixel, slabs those of the layers through it', () => {
    const index = UNTURNED + 5;
    const pixels = cut(index);
    const mean = cut(index, { thickness: 4, mode: 'mean' });
    const turn = (angleOf(index) * Math.PI) / 180;
    for (const [x, y] of [[20, 3], [77, 15], [120, 24], [200, 9]] as const) {
      const { place, right, down, normal } = at(curve, x);
      // Down is turned about the normal the right-handed way: away from right, where down is 90° on from right.
      const across: Vector = [0, 1, 2].map((axis) => (down[axis] as number) * Math.cos(turn) - (right[axis] as number) * Math.sin(turn)) as unknown as Vector;
      const here = add(place, across, (y - (rows - 1) / 2) * step);
      const point = (where: Vector): number => store.cut({ origin: where, right: [0, 0, 0], down: [0, 0, 0], columns: 1, rows: 1 }).pixels[0] as number;
      expect(pixels[y * stations.length + x]).toBeCloseTo(point(here), 2);
      const through = cross(normal, across);
      const layers = Array.from({ length: 5 }, (_, k) => point(add(here, through, (k - 2) * 0.8)));
      expect(mean[y * stations.length + x]).toBeCloseTo(layers.reduce((sum, value) => sum + value, 0) / 5, 2);
    }
    expect(Math.max(...cut(index, { thickness: 20, mode: 'max' }))).toBe(TUBE);
  });
  it('claims no place in the patient where it is straightened', () => {
    for (const picture of curved.straightened.pictures) {
      expect([planeOf(picture), picture.position, picture.orientation]).toEqual([undefined, undefined, undefined]);
      expect(edgeLetters(picture.orientation, pictureInfo(picture).PatientOrientation, FIT)).toBeUndefined();
    }
    expect(curved.straightened.warnings.join()).toMatch(/^Straightened along a path/);
    expect([0, UNTURNED, 2 * UNTURNED].map((index) => imageText(curved.straightened, index))).toEqual(['Turned -180°', 'Turned 0°', 'Turned 180°']);
  });
  it('is a disk across the path, in planes that have their place', () => {
    const { pictures } = curved.sections;
    expect(pictures.length).toBe(stations.length);
    expect(imageText(curved.sections, 0)).toBe(`0.0 of ${curve.length.toFixed(1)} mm`);
    for (const index of [40, 150, 260]) {
      const picture = pictures[index] as Picture;
      const plane = planeOf(picture);
      if (!plane) throw new Error('no plane');
      expect(plane.FrameOfReferenceUID).toBe('1.9');
      const { columns, pixels } = { ...cutOf(curved, picture), ...store.cut(cutOf(curved, picture)) };
      const middle = (columns - 1) / 2;
      toPatient(plane, [middle, middle]).forEach((x, axis) => expect(x).toBeCloseTo(at(curve, index).place[axis] as number, 9));
      const disk = pixels.filter((value) => value > (TUBE + BACK) / 2).length * step * step;
      expect(Math.abs(disk / (Math.PI * BORE * BORE) - 1)).toBeLessThan(0.06);
    }
  });
  it('is found across by the nearest middle, not by planes that reach there from elsewhere on the path', () => {
    for (const index of [10, 150, 290]) expect(nearestCentre(curved.sections.pictures, add(at(curve, index).place, at(curve, index).down, 4))?.index).toBe(index);
  });
  it('has nothing where the volume ends', () => {
    const out = curvedSets({ source: set, volume, floating: true, width: 24, version: 2 }, drawn([[0, 0, 10], [0, 0, 200]], 0.8));
    const { pixels, columns } = { ...cutOf(out, out.straightened.pictures[UNTURNED]), ...store.cut(cutOf(out, out.straightened.pictures[UNTURNED])) };
    expect([pixels[5 * columns + 4], pixels[5 * columns + columns - 1]]).toEqual([BACK, OUTSIDE]);
  });
  it('shows from the preview until slices come', () => {
    const early = new VoxelStore(volume.geometry, true);
    early.fallBackOn(store);
    const wanted = cutOf(curved, curved.straightened.pictures[UNTURNED]);
    expect(early.cut(wanted).pixels).toEqual(store.cut(wanted).pixels);
  });
});
