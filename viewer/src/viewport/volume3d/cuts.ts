// The cuts made in a volume with the scissors: the outline being drawn, those that hold, and their pictures for the shader.

import type { Camera } from '../../core/volume3d/camera';
import { cutOf, MOST_CUTS, pictureOf, planeOfCut, type Cut, type CutPicture, type CutPlane } from '../../core/volume3d/scissors';
import type { TextureSpace } from '../../core/volume3d/space';

/** A point of the canvas in parts of its width and height, from the upper left. */
export type CanvasPoint = readonly [number, number];

/** Outlines of a smaller part of the canvas are slips. */
const LEAST_AREA = 1e-4;

export class Cuts {
  private made: { cut: Cut; picture: CutPicture }[] = [];

  get count(): number {
    return this.made.length;
  }

  get full(): boolean {
    return this.made.length >= MOST_CUTS;
  }

  get all(): readonly { cut: Cut; picture: CutPicture }[] {
    return this.made;
  }

  get pictures(): readonly CutPicture[] {
    return this.made.map(({ picture }) => picture);
  }

  /** Cuts along the line of sight; false where the outline encloses nothing, or there are too many. */
  make(outline: readonly CanvasPoint[], space: TextureSpace, camera: Camera, aspect: number, keep: boolean): boolean {
    if (this.full || outline.length < 3 || areaOf(outline) < LEAST_AREA) return false;
    const cut = cutOf(space, camera, aspect, outline.map(([x, y]) => [2 * x - 1, 1 - 2 * y]), keep);
    this.made = [...this.made, { cut, picture: pictureOf(cut) }];
    return true;
  }

  undo(): void {
    this.made = this.made.slice(0, -1);
  }

  forget(): void {
    this.made = [];
  }

  planes(space: TextureSpace): CutPlane[] {
    return this.made.map(({ cut, picture }) => planeOfCut(cut, picture, space));
  }
}

function areaOf(outline: readonly CanvasPoint[]): number {
  const twice = outline.reduce((sum, [x1, y1], index) => {
    const [x2, y2] = outline[(index + 1) % outline.length] as CanvasPoint;
    return sum + x1 * y2 - x2 * y1;
  }, 0);
  return Math.abs(twice) / 2;
}
