import { describe, expect, it } from 'vitest';
import { dot, type Vector } from '../src/core/geometry';
import type { VolumeGeometry } from '../src/core/volume';
import { lookFrom, turn } from '../src/core/volume3d/camera';
import { gridOf } from '../src/core/volume3d/layers';
import { cutOf, isKept, MOST_CUTS, pictureOf, planeCut, planeOfCut, RASTER, type Cut, type CutPicture } from '../src/core/volume3d/scissors';
import { TextureSpace } from '../src/core/volume3d/space';
import { Cuts } from '../src/viewport/volume3d/cuts';

const geometry: VolumeGeometry = { columns: 40, rows: 30, origin: [10, -5, 7], row: [0.8, 0.6, 0], column: [0, 0, -1], columnStep: 1, rowStep: 2, line: [-0.6, 0.8, 0], places: Array.from({ length: 20 }, (_, index) => 3 * index), FrameOfReferenceUID: '1' };
const space = new TextureSpace(geometry, gridOf(geometry, 25));
const ASPECT = 1.5;
const SQUARE: Cut['outline'] = [[-0.2, -0.2], [0.4, -0.2], [0.4, 0.3], [-0.2, 0.3]];

/** What the shader does with a place. */
function inside(cut: Cut, picture: CutPicture, place: Vector): boolean {
  const { across, upward } = planeOfCut(cut, picture, space);
  const [x, y, z] = space.at(place);
  const on = [across, upward].map((part) => Math.min(RASTER - 1, Math.max(0, Math.floor(RASTER * (part[0] * x + part[1] * y + part[2] * z + part[3]))))) as [number, number];
  return picture.pixels[on[1] * RASTER + on[0]] === 255;
}

describe('a cut', () => {
  it('takes what lies behind the outline on the screen, however the camera is turned', () => {
    const camera = { ...turn(lookFrom('L'), 0.7, -0.4), zoom: 2, pan: [4, -3] as const };
    const cut = cutOf(space, camera, ASPECT, SQUARE, false);
    const picture = pictureOf(cut);
    let within = 0;
    for (let step = 0; step < 400; step += 1) {
      const place = space.patientAt([((step * 7) % 20) / 20, ((step * 3) % 19) / 19, (step % 17) / 17]);
      const [x, y] = space.onScreen(place, camera, ASPECT);
      if (Math.min(Math.abs(x + 0.2), Math.abs(x - 0.4), Math.abs(y + 0.2), Math.abs(y - 0.3)) < 0.01) continue;
      const expected = x > -0.2 && x < 0.4 && y > -0.2 && y < 0.3;
      within += expected ? 1 : 0;
      expect(inside(cut, picture, place), `${x} ${y}`).toBe(expected);
    }
    expect(within).toBeGreaterThan(20);
  });
  it('as a plane takes what is nearer, however the camera is turned', () => {
    const camera = turn(lookFrom('L'), 0.7, -0.4);
    const cut = planeCut(space, camera, 0.55);
    const picture = pictureOf(cut);
    let nearer = 0;
    for (let step = 0; step < 400; step += 1) {
      const place = space.patientAt([((step * 7) % 20) / 20, ((step * 3) % 19) / 19, (step % 17) / 17]);
      const depth = (dot(place, camera.away) - dot(space.centre, camera.away)) / space.diagonal;
      if (Math.abs(depth - 0.05) < 0.01) continue;
      nearer += depth < 0.05 ? 1 : 0;
      expect(inside(cut, picture, place), String(depth)).toBe(depth < 0.05);
      expect(isKept(cut, picture, place)).toBe(depth > 0.05);
    }
    expect(nearer).toBeGreaterThan(50);
  });
  it('fills an outline that crosses itself by the even-odd rule, and leaves the edge of its picture empty', () => {
    const { pixels } = pictureOf({ right: [1, 0, 0], up: [0, 1, 0], keep: false, outline: [[0, 0], [10, 10], [10, 0], [0, 10]] });
    const at = (x: number, y: number): number => pixels[Math.round(y * RASTER) * RASTER + Math.round(x * RASTER)] as number;
    expect([at(0.1, 0.5), at(0.9, 0.5), at(0.5, 0.1), at(0.5, 0.9)]).toEqual([255, 255, 0, 0]);
    for (let k = 0; k < RASTER; k += 1) expect([pixels[k], pixels[k * RASTER], pixels[(RASTER - 1) * RASTER + k], pixels[k * RASTER + RASTER - 1]]).toEqual([0, 0, 0, 0]);
  });
  it('leads back from the texture to the patient', () => {
    const place: Vector = [3, 9, -20];
    const back = space.patientAt(space.at(place));
    expect(Math.sqrt(dot([back[0] - 3, back[1] - 9, back[2] + 20], [back[0] - 3, back[1] - 9, back[2] + 20]))).toBeLessThan(1e-9);
  });
});

describe('the scissors', () => {
  const around: [number, number][] = [[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]];
  it('make cuts that are undone one by one or all, and no more than the shader takes', () => {
    const cuts = new Cuts();
    expect(cuts.make(around.slice(0, 2), space, lookFrom('A'), ASPECT, false)).toBe(false);
    expect(cuts.make([[0.5, 0.5], [0.501, 0.5], [0.5, 0.501]], space, lookFrom('A'), ASPECT, false)).toBe(false);
    for (let n = 0; n < MOST_CUTS; n += 1) expect(cuts.make(around, space, lookFrom('A'), ASPECT, n % 2 === 0)).toBe(true);
    expect(cuts.make(around, space, lookFrom('A'), ASPECT, false)).toBe(false);
    expect(cuts.planes(space).map(({ keep }) => keep).slice(0, 3)).toEqual([true, false, true]);
    cuts.undo();
    expect(cuts.count).toBe(MOST_CUTS - 1);
    cuts.forget();
    expect(cuts.pictures).toEqual([]);
  });
});
