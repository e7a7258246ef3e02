import { describe, expect, it } from 'vitest';
import { boxAround, contoursOf, grown, maskLoops, PEAK_RADIUS, peakKernel, type Region, type Sphere, type VoxelBox } from '../src/core/measure/isocontour';
import { regionOnPlane } from '../src/core/measure/isocontour-outline';
import { cutSphere, isocontourTexts, movedSphere, regionQuantities, sphereOf } from '../src/core/measure/isocontour-tool';
import type { Vector } from '../src/core/geometry';
import type { Isocontour, Measurement } from '../src/core/measure/types';
import { add, planeOf, type ImagePlane } from '../src/core/plane';
import { displaySets, type DisplaySet, type Picture } from '../src/core/stack';
import { voxelToPatient, type VolumeGeometry } from '../src/core/volume';
import { Isocontours, type Found } from '../src/viewport/measure/isocontours';
import { bitmap, slice } from './builders';

/** Oblique, anisotropic, with a gantry tilt of 10°. */
const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
const TILT = Math.PI / 18;
const oblique: VolumeGeometry = {
  columns: 40, rows: 36, origin: [-50, -60, 20], row: [c, s, 0], column: [-s, c, 0], columnStep: 2, rowStep: 2.5,
  line: [-s * Math.sin(TILT), c * Math.sin(TILT), Math.cos(TILT)], places: Array.from({ length: 30 }, (_, k) => k * 3), FrameOfReferenceUID: '7',
}; // prettier-ignore
const straight: VolumeGeometry = { ...oblique, row: [1, 0, 0], column: [0, 1, 0], line: [0, 0, 1], rowStep: 2 };

type Field = (place: Vector) => number;
const away = (a: Vector, b: Vector): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function boxOf(geometry: VolumeGeometry, sphere: Sphere, field: Field): VoxelBox {
  const { first, size } = boxAround(geometry, sphere) as Pick<VoxelBox, 'first' | 'size'>;
  const values = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, at) => {
    const [i, j, k] = [at % size[0], Math.floor(at / size[0]) % size[1], Math.floor(at / (size[0] * size[1]))];
    return field(voxelToPatient(geometry, [first[0] + i, first[1] + j, geometry.places[first[2] + k] as number]));
  });
  return { geometry, first, size, values };
}

const MIDDLE: Vector = voxelToPatient(oblique, [20, 18, 45]);
const grow = (geometry: VolumeGeometry, sphere: Sphere, field: Field, by = { share: 0.41 } as { share?: number; value?: number }): Region | undefined => grown(boxOf(geometry, sphere, field), sphere, by);

describe('an isocontour region', () => {
  const lesion: Field = (place) => (away(place, MIDDLE) <= 14 ? 8 : 1);
  it.each([['oblique, tilted', oblique], ['straight', straight]] as const)('has maximum, mean, peak and volume of a ball of known uptake: %s', (_, geometry) => {
    const centre = geometry === oblique ? MIDDLE : voxelToPatient(straight, [20, 18, 45]);
    const region = grow(geometry, { centre, radius: 25 }, (place) => (away(place, centre) <= 14 ? 8 : 1)) as Region;
    expect([region.maximum, region.mean, region.threshold]).toEqual([8, 8, expect.closeTo(3.28, 6)]);
    expect(region.peak).toBeCloseTo(8, 6);
    expect(region.volume).toBeGreaterThan(11.49 * 0.94);
    expect(region.volume).toBeLessThan(11.49 * 1.06);
    expect(region.cutOff).toBe(false);
  });

  it('does not leave the sphere, and says that it was cut off', () => {
    const region = grow(oblique, { centre: MIDDLE, radius: 8 }, lesion) as Region;
    expect(region.cutOff).toBe(true);
    expect(region.volume).toBeLessThan(2.5);
  });

  it('takes what hangs together with the hottest voxel only, by its threshold', () => {
    const other = add(MIDDLE, oblique.row, 20);
    const two: Field = (place) => (away(place, MIDDLE) <= 7 ? 8 : away(place, other) <= 7 ? 6 : 1);
    const [alone, all] = [grow(oblique, { centre: MIDDLE, radius: 30 }, two), grow(oblique, { centre: MIDDLE, radius: 30 }, two, { value: 0.5 })];
    expect([alone?.mean, alone?.maximum]).toEqual([8, 8]);
    expect(all?.volume).toBeGreaterThan(60);
    expect(grow(oblique, { centre: MIDDLE, radius: 30 }, two, { value: 8.5 })).toBeUndefined();
  });

  it('names the hottest voxel by column, row and slice of the volume', () => {
    const region = grow(oblique, { centre: MIDDLE, radius: 20 }, (place) => 10 - away(place, voxelToPatient(oblique, [22, 17, 42]))) as Region;
    expect(region.hottest).toEqual([22, 17, 14]);
  });
});

describe('SUVpeak', () => {
  it('is the mean of a sphere of 1 cm³, its border counted by parts', () => {
    const sum = peakKernel(oblique, 14).reduce((total, { weight }) => total + weight, 0);
    expect(sum).toBeGreaterThan(985);
    expect(sum).toBeLessThan(1015);
    expect(PEAK_RADIUS).toBeCloseTo(6.2035, 4);
  });

  it('is that of a slope at its highest place inside', () => {
    // A slope has its own value in the middle of a sphere: the peak is the value of the outermost voxel of the region.
    const region = grow(straight, { centre: voxelToPatient(straight, [20, 18, 45]), radius: 10 }, ([x]) => 100 + x) as Region;
    expect(region.peak).toBeCloseTo(region.maximum, 3);
  });

  it('takes what lies beyond the region, too', () => {
    const centre = voxelToPatient(straight, [20, 18, 45]);
    const region = grow(straight, { centre, radius: 20 }, (place) => (away(place, centre) < 0.5 ? 10 : 0)) as Region;
    const own = peakKernel(straight, 15).find(({ step }) => step.every((part) => part === 0))?.weight ?? 0;
    expect(region.volume).toBeCloseTo(0.012, 6);
    expect(region.peak).toBeCloseTo((10 * own) / peakKernel(straight, 15).reduce((total, { weight }) => total + weight, 0), 5);
  });
});

describe('its border', () => {
  it('goes along voxels, with holes of their own', () => {
    const ring = Uint8Array.from([1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0]);
    const loops = maskLoops(ring, 4, 3);
    expect(loops.map(({ length }) => length).sort()).toEqual([4, 4]);
    expect(loops.flat()).toContainEqual([3, 3]);
    expect(loops.flat()).toContainEqual([2, 1]);
  });

  const region = grow(oblique, { centre: MIDDLE, radius: 25 }, (place) => (away(place, MIDDLE) <= 14 ? 8 : 1)) as Region;
  const area = (loop: readonly (readonly [number, number])[], plane: ImagePlane): number => Math.abs(loop.reduce((sum, [x, y], n) => { const [u, v] = loop[(n + 1) % loop.length] as [number, number]; return sum + (x * v - u * y) / 2; }, 0)) * plane.columnStep * plane.rowStep; // prettier-ignore
  const planeAt = (row: Vector, column: Vector, normal: Vector, step: number, through: Vector): ImagePlane => ({ origin: add(add(through, row, -40), column, -40), row, column, normal, columnStep: step, rowStep: step, columns: Math.round(80 / step) + 1, rows: Math.round(80 / step) + 1, FrameOfReferenceUID: '7' });

  it.each([
    ['axial', [1, 0, 0], [0, 1, 0], [0, 0, 1]], ['coronal', [1, 0, 0], [0, 0, -1], [0, 1, 0]], ['turned', [0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]],
  ] as [string, Vector, Vector, Vector][])('is a disc in a plane through its middle: %s', (_, row, column, normal) => {
    const plane = planeAt(row, column, normal, 1, MIDDLE);
    const size = regionOnPlane(region, plane).reduce((sum, loop) => sum + area(loop, plane), 0);
    expect(size).toBeGreaterThan(Math.PI * 196 * 0.88);
    expect(size).toBeLessThan(Math.PI * 196 * 1.12);
    expect(regionOnPlane(region, planeAt(row, column, normal, 1, add(MIDDLE, normal, 22)))).toEqual([]);
  });

  it('is told in the patient, slice by slice', () => {
    const contours = contoursOf(region);
    expect(contours.length).toBeGreaterThan(7);
    const places = contours.flatMap((flat) => Array.from({ length: flat.length / 3 }, (_, n) => flat.slice(n * 3, n * 3 + 3) as unknown as Vector));
    expect(Math.max(...places.map((place) => away(place, MIDDLE)))).toBeLessThan(17);
    expect(Math.max(...places.map((place) => place[2])) - Math.min(...places.map((place) => place[2]))).toBeGreaterThan(22);
  });
});

describe('its sphere', () => {
  const plane: ImagePlane = { origin: [0, 0, 0], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 2, rowStep: 4, columns: 100, rows: 100, FrameOfReferenceUID: '7' };
  const coronal: ImagePlane = { ...plane, origin: [0, 46, 60], column: [0, 0, -1], normal: [0, 1, 0], columnStep: 1, rowStep: 1 };
  const item: Measurement = { id: 'a', kind: 'isocontour', pictureId: 'p', plane, points: [[20, 10], [25, 10]], isocontour: { share: 0.41, suv: 'bw' }, values: [], contours: [] };
  it('is cut by planes of any direction', () => {
    expect(sphereOf(item)).toEqual({ centre: [40, 40, 0], radius: 10 });
    expect(cutSphere(item, coronal)).toEqual({ centre: [40, 60], edge: [48, 60], away: -6 });
    expect(cutSphere(item, { ...coronal, origin: [0, 51, 60] })).toBeUndefined();
  });
  it('is moved and sized in any of them', () => {
    const moved = movedSphere(item, coronal, 0, [50, 55], 'q');
    expect(sphereOf(moved)).toEqual({ centre: [50, 40, 5], radius: expect.closeTo(10, 9) as number });
    expect([moved.values, moved.contours, moved.pictureId]).toEqual([undefined, undefined, 'q']);
    expect(sphereOf(movedSphere(item, coronal, 1, [48, 60], 'q'))?.radius).toBeCloseTo(10, 9);
    expect(sphereOf(movedSphere(item, coronal, 1, [40, 68], 'q'))?.radius).toBeCloseTo(10, 9);
  });
  it('says what it measures', () => {
    const region = { maximum: 12, mean: 9.5, peak: 11, volume: 20.5, threshold: 4.92 } as Region;
    const values = regionQuantities(region, 'SUVbw', true);
    expect(isocontourTexts({ ...item, values }, true)).toEqual(['SUVbw max 12.00 · peak 11.00 · mean 9.50', 'Volume 20.50 ml · TLG 194.8 g', 'at least 4.92 (41 % of max)', 'Cut off by the sphere']);
    expect(isocontourTexts({ ...item, values: regionQuantities(region, 'Bq/ml', false), isocontour: { value: 2.5, suv: 'bw' } }, false)).toEqual(['Bq/ml max 12.0 · peak 11.0 · mean 9.5', 'Volume 20.50 ml', 'at least 4.9']);
  });
});

describe('regions of an open PET', () => {
  const slices = Array.from({ length: 5 }, (_, k) => slice({ SOPInstanceUID: `1.9.${k}`, Modality: 'PT', Units: 'BQML', Rows: 8, Columns: 8, PixelSpacing: [4, 4], ImagePositionPatient: [0, 0, 4 * k], FrameOfReferenceUID: '7', RescaleSlope: k + 1, RescaleIntercept: 0, InstanceNumber: k }));
  const [set] = displaySets(slices);
  const store = { load: (_: DisplaySet, { instance }: Picture) => Promise.resolve({ ...bitmap(new Int16Array(64).fill(60 / (Number(instance.SOPInstanceUID.at(-1)) + 1)), 8), source: 'browser' as const }) };
  const plane = planeOf(set?.pictures[2]) as ImagePlane;
  const found = async (isocontour: Isocontour): Promise<Found> => {
    const regions = new Isocontours({ sets: () => [set as DisplaySet], store, upperSuv: () => undefined });
    const item: Measurement = { id: 'a', kind: 'isocontour', pictureId: 'p', plane, points: [[3, 3], [5, 3]], image: regions.imageOf(set as DisplaySet), isocontour };
    const done = new Promise((resolve) => regions.changed.listen(() => resolve(undefined)));
    regions.of(item);
    await done;
    return regions.of(item) as Found;
  };

  it('are in the unit of the image where SUV cannot be computed, and say why', async () => {
    const { item, reason, region } = await found({ share: 0.5, suv: 'bw' });
    expect(item.values?.map(({ quantity, value, unit }) => [quantity, Math.round(value * 100) / 100, unit])).toEqual([['maximum', 60, 'Bq/ml'], ['mean', 60, 'Bq/ml'], ['peak', 60, 'Bq/ml'], ['volume', 2.11, 'ml'], ['threshold', 30, 'Bq/ml']]);
    expect([reason, region?.cutOff]).toEqual(['SUV cannot be computed: the injected dose is missing', true]);
  });
  it('are none by a threshold of SUV then', async () => {
    const { item, reason, region } = await found({ value: 2.5, suv: 'bw' });
    expect([item.values, reason, region]).toEqual([undefined, 'SUV cannot be computed: the injected dose is missing', undefined]);
  });
});
