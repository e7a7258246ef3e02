import { describe, expect, it, vi } from 'vitest';
import type { Vector } from '../src/core/geometry';
import { planeOf, toPatient } from '../src/core/plane';
import { reformat, slabOf, STANDARD, turned, voxelStep } from '../src/core/reformat';
import { coarseToFine, OUTSIDE, VoxelStore } from '../src/core/reslice';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { toVoxel, volumeOf, voxelToPatient, type Volume } from '../src/core/volume';
import { feedVolume, type VolumeFeed } from '../src/viewport/mpr/feed';
import { bitmap, slice } from './builders';

const [COLUMNS, ROWS] = [7, 5];
const BASE = { FrameOfReferenceUID: '1.9', Rows: ROWS, Columns: COLUMNS, PixelSpacing: [2, 0.5], Modality: 'CT', BitsStored: 16, PixelRepresentation: 1 };

/** Slices whose first pixel lies at these places; oblique in the plane. */
function stack(places: readonly Vector[], extra: object = {}): DisplaySet {
  return displaySets(places.map((ImagePositionPatient) => slice({ ...BASE, ImageOrientationPatient: [0.8, 0.6, 0, 0, 0, -1], ImagePositionPatient: [...ImagePositionPatient], ...extra })))[0] as DisplaySet;
}
// The normal of these planes is (-0.6, 0.8, 0).
const along = (distances: readonly number[]): Vector[] => distances.map((d) => [10 - 0.6 * d, 0.8 * d, 5]);

function made(set: DisplaySet): Volume {
  const answer = volumeOf(set);
  if ('reason' in answer) throw new Error(answer.reason);
  return answer.volume;
}

/** A volume whose value at a place in the patient is linear, so that interpolation must be exact. */
const value = ([x, y, z]: Vector): number => 100 + 3 * x - 2 * y + 5 * z;

function filled({ geometry }: Volume, which = geometry.places.map((_, k) => k)): VoxelStore {
  const store = new VoxelStore(geometry, true);
  for (const k of which) {
    store.put(k, Array.from({ length: COLUMNS * ROWS }, (_, at) => value(voxelToPatient(geometry, [at % COLUMNS, Math.floor(at / COLUMNS), geometry.places[k] as number]))));
  }
  return store;
}

const EVEN = along([0, 3, 6, 9, 12]);
const IRREGULAR = along([0, 1, 4, 5, 12]);
const TILTED: Vector[] = [0, 3, 6, 9].map((d): Vector => [10 - 0.6 * d, 0.8 * d, 5 + 0.4 * d]);

describe('volumes', () => {
  it('lead from the patient to voxels and back', () => {
    for (const places of [EVEN, IRREGULAR, TILTED]) {
      const { geometry } = made(stack(places));
      const place: Vector = [9.1, 3.3, 2.7];
      const back = voxelToPatient(geometry, toVoxel(geometry, place));
      place.forEach((x, axis) => expect(back[axis]).toBeCloseTo(x, 9));
    }
  });
  it('say what a reader should know', () => {
    expect(made(stack(EVEN)).notes).toEqual([]);
    expect(made(stack(IRREGULAR)).notes).toEqual(['Irregular spacing 1.00–7.00 mm, interpolated']);
    expect(made(stack(TILTED)).notes).toEqual(['Gantry tilt 21.8°, corrected']);
    expect(made(stack([...EVEN, ...along([0, 3])])).notes).toEqual(['2 further images in the same places left out']);
  });
  it.each([
    ['fewer than three images', stack(along([0, 3]))],
    ['all images lie in one place', stack(along([0, 0, 0]))],
    ['position, orientation or pixel spacing is missing in 3 of 3 images', stack(along([0, 1, 2]), { PixelSpacing: null })],
    ['colour images are not reformatted', stack(along([0, 1, 2]), { SamplesPerPixel: 3 })],
    ['the slices are shifted against one another by up to 6.0 mm', stack([...along([0, 3, 6]), [10 - 0.6 * 9, 0.8 * 9, 11], ...along([12])])],
  ] as const)('are refused: %s', (reason, set) => expect(volumeOf(set)).toEqual({ reason }));
  it('are refused where planes or sizes differ', () => {
    const turnedAway = displaySets([...along([0, 3, 6]).map((p) => slice({ ...BASE, ImageOrientationPatient: [0.8, 0.6, 0, 0, 0, -1], ImagePositionPatient: [...p] })), slice({ ...BASE, ImagePositionPatient: [0, 0, 0] })])[0] as DisplaySet;
    expect(volumeOf(turnedAway)).toEqual({ reason: 'the images are not parallel' });
    const wider = displaySets(along([0, 3, 6]).map((p, index) => slice({ ...BASE, ImageOrientationPatient: [0.8, 0.6, 0, 0, 0, -1], ImagePositionPatient: [...p], Columns: 7 + index })))[0] as DisplaySet;
    expect(volumeOf(wider)).toEqual({ reason: 'the images differ in size' });
  });
});

describe.each([['even', EVEN], ['irregular', IRREGULAR], ['tilted', TILTED]] as const)('planes cut from an oblique, anisotropic volume, %s', (_, places) => {
  const set = stack(places);
  const volume = made(set);
  const store = filled(volume);
  it.each(['axial', 'coronal', 'sagittal'] as const)('%s: every pixel inside has the value of its place', (name) => {
    const { set: planes, cuts } = reformat(set, volume, name, STANDARD[name], true);
    let inside = 0;
    for (const picture of planes.pictures) {
      const plane = planeOf(picture);
      const cut = cuts.get(picture.id);
      if (!plane || !cut) throw new Error('no plane');
      const { pixels } = store.cut(cut);
      pixels.forEach((found, at) => {
        const place = toPatient(plane, [at % plane.columns, Math.floor(at / plane.columns)]);
        const [i, j, s] = toVoxel(volume.geometry, place);
        const within = i >= 0 && j >= 0 && s >= 0 && i <= COLUMNS - 1 && j <= ROWS - 1 && s <= (volume.geometry.places.at(-1) as number);
        if (!within) return;
        inside += 1;
        expect(found).toBeCloseTo(value(place), 3);
      });
    }
    expect(inside).toBeGreaterThan(50);
  });
});

describe('before all slices have come', () => {
  const set = stack(EVEN);
  const volume = made(set);
  it('those that are there fill the gap between them, without a jump', () => {
    const store = filled(volume, [0, 4]);
    expect(store.loaded).toBe(2);
    const at = voxelToPatient(volume.geometry, [3, 2, 5]);
    expect(store.cut({ origin: at, right: [0, 0, 0], down: [0, 0, 0], columns: 1, rows: 1 }).pixels[0]).toBeCloseTo(value(at), 3);
  });
  it('a single one stands for all', () => {
    const at = voxelToPatient(volume.geometry, [3, 2, 12]);
    const found = filled(volume, [1]).cut({ origin: at, right: [0, 0, 0], down: [0, 0, 0], columns: 1, rows: 1 }).pixels[0];
    expect(found).toBeCloseTo(value(voxelToPatient(volume.geometry, [3, 2, 3])), 3);
  });
  it('the first ones are spread over the whole', () => {
    const order = coarseToFine(100, 40);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, k) => k));
    expect(order.slice(0, 8)).toEqual([40, 0, 99, 56, 24, 72, 8, 88]);
  });
});

describe('slabs', () => {
  const set = stack(EVEN);
  const volume = made(set);
  const store = filled(volume);
  const frame = { right: [0.8, 0.6, 0] as Vector, down: [0, 0, -1] as Vector, normal: [-0.6, 0.8, 0] as Vector };
  const at = voxelToPatient(volume.geometry, [3, 2, 6]);
  const thin = { origin: at, right: [0, 0, 0] as Vector, down: [0, 0, 0] as Vector, columns: 1, rows: 1 };
  const place = (d: number): Vector => [at[0] - 0.6 * d, at[1] + 0.8 * d, at[2]];
  it('are as thick as asked, sampled at the distance of the slices', () => {
    expect(voxelStep(volume.geometry, frame.normal)).toBeCloseTo(3);
    expect(slabOf(thin, frame, volume.geometry, 6, 'max').slab).toMatchObject({ samples: 2 });
    expect(slabOf(thin, frame, volume.geometry, 2, 'max').slab).toBeUndefined();
  });
  it.each([['max', Math.max(value(place(-3)), value(place(3)))], ['min', Math.min(value(place(-3)), value(place(3)))], ['mean', value(at)]] as const)('%s', (mode, expected) => {
    const cut = { ...thin, slab: { step: [-1.8, 2.4, 0] as Vector, samples: 3, mode } };
    expect(store.cut(cut).pixels[0]).toBeCloseTo(expected, 3);
  });
  it('take no account of what lies outside', () => {
    const edge = { ...thin, origin: voxelToPatient(volume.geometry, [3, 2, 12]), slab: { step: [-1.8, 2.4, 0] as Vector, samples: 3, mode: 'min' as const } };
    expect(store.cut(edge).min).toBeCloseTo(Math.min(value(voxelToPatient(volume.geometry, [3, 2, 12])), value(voxelToPatient(volume.geometry, [3, 2, 9]))), 3);
    expect(store.cut({ ...thin, origin: [500, 0, 0] }).pixels[0]).toBe(OUTSIDE);
  });
});

it('frames turn about an axis, right to down', () => {
  const { right, down } = turned(STANDARD.axial, [0, 0, 1], Math.PI / 2);
  right.forEach((x, axis) => expect(x).toBeCloseTo([0, 1, 0][axis] as number));
  down.forEach((x, axis) => expect(x).toBeCloseTo([-1, 0, 0][axis] as number));
});

it('slices that waited for the same plane are put down one by one, so that clicks come in between', async () => {
  const set = stack(along(Array.from({ length: 9 }, (_, n) => n)));
  const put: number[] = [];
  let drawn = (): void => undefined;
  const plane = new Promise<void>((done) => (drawn = done));
  const pixels = new Int16Array(4);
  const store = { load: () => Promise.resolve(bitmap(pixels, 2)) } as unknown as VolumeFeed['store'];
  const reslicer = { put: (index: number) => put.push(index), turn: () => plane } as unknown as VolumeFeed['reslicer'];
  const { pictures } = set;
  const feed = { store, pictures, reslicer, source: set, order: pictures.map((_, index) => index), floating: false, signal: new AbortController().signal, after: Promise.resolve(), onSlice: () => undefined, onFailure: () => undefined };
  const settled = async (): Promise<number> => {
    for (let i = 0; i < 50; i += 1) await Promise.resolve();
    return put.length;
  };
  await feedVolume(feed);
  await new Promise((done) => setTimeout(done, 10));
  const begun = await settled();
  drawn();
  expect(await settled()).toBe(begun);
  await vi.waitFor(() => expect(put.length).toBe(9));
});
