// The cuts made in a volume, with the scissors or as planes across the line of sight, and their pictures for the shader.

import type { Camera } from '../../core/volume3d/camera';
import { cutOf, MOST_CUTS, pictureOf, planeCut, planeOfCut, type Cut, type CutPicture, type CutPlane } from '../../core/volume3d/scissors';
import type { TextureSpace } from '../../core/volume3d/space';

/** A point of the canvas in parts of its width and height, from the upper left. */
export type CanvasPoint = readonly [number, number];

/** Outlines of a smaller part of the canvas are slips. */
const LEAST_AREA = 1e-4;

export class Cuts {
  private made: { cut: Cut; picture: CutPicture }[] = [];
  /** From where the last plane was laid, as long as it can be moved. */
  private laidFrom: Camera | undefined;

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
    this.add(cut);
    return true;
  }

  /** Lays a plane, or moves the one that was laid last as long as no other cut was made; depth 0 takes it away. False where there are too many. */
  lay(depth: number, space: TextureSpace, camera: Camera): boolean {
    const from = this.laidFrom ?? camera;
    if (this.laidFrom) this.undo();
    if (depth <= 0) return true;
    if (this.full) return false;
    this.add(planeCut(space, from, depth));
    this.laidFrom = from;
    return true;
  }

  /** The plane stays where it is; the next is another. */
  hold(): void {
    this.laidFrom = undefined;
  }

  private add(cut: Cut): void {
    this.made = [...this.made, { cut, picture: pictureOf(cut) }];
    this.laidFrom = undefined;
  }

  undo(): void {
    this.laidFrom = undefined;
    this.made = this.made.slice(0, -1);
  }

  forget(): void {
    this.laidFrom = undefined;
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
