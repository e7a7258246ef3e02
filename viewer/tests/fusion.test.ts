import { expect, describe, it } from 'vitest';
import { baseOf, fused, overlayCut, partnerOf, rolesOf } from '../src/core/fusion';
import { planeOf, toPatient } from '../src/core/plane';
import { VoxelStore } from '../src/core/reslice';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { volumeOf } from '../src/core/volume';
import { slice } from './builders';

function series(modality: string, uid: string, frame: string, spacing: number, count = 4): DisplaySet {
  const slices = Array.from({ length: count }, (_, index) => slice({ SeriesInstanceUID: uid, Modality: modality, FrameOfReferenceUID: frame, Rows: 4, Columns: 4, PixelSpacing: [spacing, spacing], ImagePositionPatient: [0, 0, 5 * index], InstanceNumber: index, Units: 'BQML' }));
  return displaySets(slices)[0] as DisplaySet;
}
const ct = series('CT', '1.1', '9', 1);
const pet = series('PT', '1.2', '9', 2.5);
const elsewhere = series('PT', '1.3', '8', 2.5);

describe('fusion', () => {
  it('puts function over anatomy, whichever is named first', () => {
    expect(rolesOf(pet, ct)).toEqual([ct, pet]);
    expect(rolesOf(ct, pet)).toEqual([ct, pet]);
  });
  it('is a set of its own that shows the pictures of the lower series', () => {
    const made = fused(ct, pet) as DisplaySet;
    expect(made.pictures).toBe(ct.pictures);
    expect([made.id, baseOf(made), baseOf(ct)]).toEqual(['1.1+1.2', ct, ct]);
  });
  it('is refused with the reason', () => {
    expect(fused(ct, elsewhere)).toBe('These series cannot be fused: their frames of reference differ');
    expect(fused(ct, series('PT', '1.4', '9', 2, 1))).toMatch(/no volume: fewer than three/);
    expect(fused(ct, ct)).toMatch(/same series/);
    expect(fused(series('CT', '1.5', '', 1), pet)).toMatch(/no one frame of reference/);
  });
  it('finds what goes with a series', () => {
    expect(partnerOf(ct, [elsewhere, series('CT', '1.6', '9', 1, 9), pet])).toBe(pet);
    expect(partnerOf(pet, [ct, elsewhere])).toBe(ct);
    expect(partnerOf(elsewhere, [ct, pet])).toBeUndefined();
  });
});

it('cuts the upper volume at the places of the lower pixels, in parts where it is finer', () => {
  const answer = volumeOf(pet);
  if ('reason' in answer) throw new Error(answer.reason);
  const { geometry } = answer.volume;
  const voxels = new VoxelStore(geometry, true);
  for (let k = 0; k < 4; k += 1) voxels.put(k, Float32Array.from({ length: 16 }, (_, i) => 100 * k + 10 * Math.floor(i / 4) + (i % 4)));
  const plane = planeOf(ct.pictures[1]);
  if (!plane) throw new Error('no plane');
  const { cut, parts } = overlayCut(plane, geometry);
  expect(parts).toBe(1);
  const [x, y, z] = toPatient(plane, [3, 2]);
  expect(voxels.cut(cut).pixels[2 * 4 + 3]).toBeCloseTo((100 * z) / 5 + (10 * y) / 2.5 + x / 2.5, 4);
  const coarse = { ...plane, columnStep: 5, rowStep: 5 };
  const fine = overlayCut(coarse, geometry);
  expect([fine.parts, fine.cut.columns, fine.cut.origin]).toEqual([2, 8, [-1.25, -1.25, 5]]);
});
