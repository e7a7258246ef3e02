import { describe, expect, it } from 'vitest';
import { dot, length, type Vector } from '../src/core/geometry';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { volumeOf, voxelToPatient, type VolumeGeometry } from '../src/core/volume';
import { lookFrom, LEAST_ZOOM, panBy, turn, VIEW_NAMES, zoomBy } from '../src/core/volume3d/camera';
import { facesOf } from '../src/core/volume3d/cube';
import { gridOf, LayerBuilder } from '../src/core/volume3d/layers';
import { TextureSpace } from '../src/core/volume3d/space';
import { TABLE_SIZE, textureRange, transferTable, volumePresets } from '../src/core/volume3d/transfer';
import { slice } from './builders';

const [COLUMNS, ROWS] = [20, 12];

function geometryOf(distances: readonly number[], tilt = 0): VolumeGeometry {
  const base = { FrameOfReferenceUID: '1.9', Rows: ROWS, Columns: COLUMNS, PixelSpacing: [2, 0.5], Modality: 'CT', BitsStored: 16, PixelRepresentation: 1, ImageOrientationPatient: [0.8, 0.6, 0, 0, 0, -1] };
  const set = displaySets(distances.map((d) => slice({ ...base, ImagePositionPatient: [10 - 0.6 * d, 0.8 * d, 5 + tilt * d] })))[0] as DisplaySet;
  const answer = volumeOf(set);
  if ('reason' in answer) throw new Error(answer.reason);
  return answer.volume.geometry;
}

const close = (found: readonly number[], expected: readonly number[], digits = 9): void => expected.forEach((x, axis) => expect(found[axis]).toBeCloseTo(x, digits));

describe('the camera', () => {
  it('shows the patient as a radiologist faces him', () => {
    expect(lookFrom('A')).toMatchObject({ right: [1, 0, 0], up: [0, 0, 1] });
    close(lookFrom('P').right, [-1, 0, 0]);
    close(lookFrom('L').right, [0, 1, 0]);
    close(lookFrom('R').right, [0, -1, 0]);
    close(lookFrom('F').right, [1, 0, 0]);
    close(lookFrom('H').right, [-1, 0, 0]);
  });
  it('turns the volume the way it is dragged', () => {
    const across = turn(lookFrom('A'), 0.3, 0);
    // What was in front goes to the right, what was above stays there.
    expect(dot([0, -1, 0], across.right)).toBeGreaterThan(0.2);
    close(across.up, [0, 0, 1]);
    const down = turn(lookFrom('A'), 0, 0.3);
    expect(dot([0, -1, 0], down.up)).toBeLessThan(-0.2);
    expect(dot([0, 0, 1], down.away)).toBeLessThan(-0.2);
  });
  it('keeps right angles however long it is turned', () => {
    let camera = lookFrom('L');
    for (let step = 0; step < 1000; step += 1) camera = turn(camera, 0.07, -0.05);
    for (const axis of [camera.right, camera.up, camera.away]) expect(length(axis)).toBeCloseTo(1, 6);
    expect(dot(camera.right, camera.up)).toBeCloseTo(0, 6);
  });
  it('zooms within bounds and pans', () => {
    expect(zoomBy(lookFrom('A'), 1e-9).zoom).toBe(LEAST_ZOOM);
    expect(panBy(lookFrom('A'), 5, -3).pan).toEqual([-5, 3]);
  });
});

describe('the cube', () => {
  it('shows the side that is looked at last, upright', () => {
    for (const side of VIEW_NAMES) {
      const faces = facesOf(lookFrom(side));
      expect(faces.map((face) => face.side)).toEqual([side]);
      expect(faces[0]?.centre.map(Math.abs)).toEqual([0, 0]);
    }
    expect(facesOf(turn(lookFrom('A'), 0.3, 0.2)).map(({ side }) => side).sort()).toEqual(['A', 'H', 'R']);
  });
});

describe('layers', () => {
  it('of even slices are their means', () => {
    const geometry = geometryOf(Array.from({ length: 8 }, (_, k) => 3 * k));
    const grid = gridOf(geometry, 10);
    expect(grid).toMatchObject({ columns: 10, rows: 6, layers: 8, factor: 2, step: 3 });
    const builder = new LayerBuilder(grid, geometry);
    const pixels = Array.from({ length: COLUMNS * ROWS }, (_, at) => (at % COLUMNS) + 100 * Math.floor(at / COLUMNS));
    const [done] = builder.put(3, pixels, COLUMNS, ROWS, 2, -10);
    expect(done?.layer).toBe(3);
    // The pixel in column 4, row 2 has columns 8 and 9, rows 4 and 5.
    expect(done?.values[2 * 10 + 4]).toBe((8.5 + 450) * 2 - 10);
  });
  it('wait for all slices that belong to them', () => {
    const geometry = geometryOf(Array.from({ length: 31 }, (_, k) => k));
    const grid = gridOf(geometry, 20);
    const builder = new LayerBuilder(grid, geometry);
    const seen = new Map<number, number>();
    for (let k = 0; k < 31; k += 1) {
      for (const { layer, values } of builder.put(k, new Float32Array(COLUMNS * ROWS).fill(k), COLUMNS, ROWS, 1, 0)) seen.set(layer, values[0] as number);
    }
    expect(seen.size).toBe(grid.layers);
    for (const [layer, value] of seen) expect(Math.abs(value - layer * grid.step)).toBeLessThan(grid.step / 2 + 0.5);
  });
  it('between slices far apart take the nearest', () => {
    const geometry = geometryOf([0, 1, 2, 3, 30]);
    const grid = gridOf(geometry, 512);
    const builder = new LayerBuilder(grid, geometry);
    const layers = [0, 1, 2, 3, 4].flatMap((k) => builder.put(k, new Float32Array(COLUMNS * ROWS).fill(k), COLUMNS, ROWS, 1, 0).map(({ layer, values }) => [layer, values[0]] as const));
    expect(new Map(layers).size).toBe(grid.layers);
    expect(new Map(layers).get(grid.layers - 1)).toBe(4);
  });
});

describe('the way into the texture', () => {
  it('leads voxels to the middle of their texels', () => {
    const geometry = geometryOf([0, 3, 6, 9, 12, 15], 0.3);
    const grid = gridOf(geometry, 10);
    const space = new TextureSpace(geometry, grid);
    // Texel [4, 2, 3] was made of columns 8 and 9, rows 4 and 5 of slice 3.
    close(space.at(voxelToPatient(geometry, [8.5, 4.5, geometry.places[3] as number])), [4.5 / 10, 2.5 / 6, 3.5 / 6]);
    const step = space.direction([1, 2, 3]);
    const [a, b] = [space.at([1, 1, 1]), space.at([2, 3, 4])];
    close(step, [b[0] - a[0], b[1] - a[1], b[2] - a[2]]);
  });
  it('sends rays through what lies under a place of the screen', () => {
    const space = new TextureSpace(geometryOf([0, 3, 6, 9, 12, 15]), gridOf(geometryOf([0, 3, 6, 9, 12, 15]), 10));
    const camera = { ...turn(lookFrom('L'), 0.4, 0.3), pan: [2, 1] as const, zoom: 2 };
    const place: Vector = [7, 4, 3];
    const [x, y] = space.onScreen(place, camera, 1.5);
    const { origin, across, upward, ray } = space.rays(camera, 1.5);
    const target = space.at(place);
    const start = origin.map((o, axis) => o + x * (across[axis] as number) + y * (upward[axis] as number));
    const far = target.map((t, axis) => (t - (start[axis] as number)) / (ray[axis] as number));
    expect(far[1]).toBeCloseTo(far[0] as number, 6);
    expect(far[2]).toBeCloseTo(far[0] as number, 6);
    expect(far[0]).toBeGreaterThan(0);
  });
});

describe('transfer functions', () => {
  const range = { low: -1024, high: 3071 };
  const entry = (table: Uint8Array, value: number): number[] => [...table.subarray(Math.round(((value - range.low) / (range.high - range.low)) * (TABLE_SIZE - 1)) * 4).subarray(0, 4)];
  it('have points that rise, for every modality', () => {
    for (const modality of ['CT', 'MR', 'PT', 'NM', 'XA']) {
      for (const { points, id } of volumePresets(modality)) {
        expect(points.every(({ value }, index) => index === 0 || value > (points[index - 1]?.value as number)), id).toBe(true);
        expect(points.every(({ opacity, colour }) => opacity >= 0 && opacity <= 1 && colour.every((part) => part >= 0 && part <= 1)), id).toBe(true);
      }
    }
  });
  it('hide air and show bone', () => {
    const [bone] = volumePresets('CT');
    const table = transferTable(bone as (typeof bone & object), range, 0, 1);
    expect(entry(table, -1000)[3]).toBe(0);
    expect(entry(table, 40)[3]).toBe(0);
    expect(entry(table, 1000)[3]).toBeGreaterThan(150);
    expect(entry(table, 3000)[3]).toBe(entry(table, 1300)[3]);
    expect(entry(transferTable(bone as (typeof bone & object), range, 500, 1), 400)[3]).toBe(0);
    expect(entry(transferTable(bone as (typeof bone & object), range, 0, 10), 480)[3]).toBe(255);
  });
  it('span what there is', () => {
    expect(textureRange('MR', Float32Array.from([5, -2, 40]))).toEqual({ low: -2, high: 40 });
    expect(textureRange('MR', Float32Array.from([7, 7]))).toEqual({ low: 0, high: 1 });
    expect(textureRange('CT', new Float32Array())).toEqual({ low: -1024, high: 3071 });
  });
});
