// What is cut out of a volume: outlines drawn on the screen, which go through it along the line of sight. Pure.

import { dot, type Vector } from '../geometry';
import type { Camera } from './camera';
import type { TextureSpace } from './space';

export interface Cut {
  /** Across the line of sight; unit vectors in the patient. */
  right: Vector;
  up: Vector;
  /** Corners, in mm along those two from the patient's origin. */
  outline: readonly (readonly [number, number])[];
  /** What lies inside stays, and the rest goes; or the other way round. */
  keep: boolean;
}

/** Pixels of a side of a cut's picture. */
export const RASTER = 512;
export const MOST_CUTS = 16;
/** Around the outline, so that the edge of the picture is outside. */
const BORDER = 2;

/** A cut along the line of sight of a camera; the outline is in parts of the screen, -1 to 1, right and up. */
export function cutOf({ centre, diagonal }: Pick<TextureSpace, 'centre' | 'diagonal'>, { right, up, zoom, pan }: Camera, aspect: number, outline: Cut['outline'], keep: boolean): Cut {
  const high = diagonal / 2 / zoom;
  const [x0, y0] = [dot(centre, right) + pan[0], dot(centre, up) + pan[1]];
  return { right, up, keep, outline: outline.map(([x, y]) => [x0 + x * high * aspect, y0 + y * high]) };
}

/** A plane across the line of sight: what is nearer than `depth` goes, from 0 (nothing) to 1 (all). */
export function planeCut({ centre, diagonal }: Pick<TextureSpace, 'centre' | 'diagonal'>, { away, up }: Camera, depth: number): Cut {
  const [x, y] = [dot(centre, away), dot(centre, up)];
  const at = x + (depth - 0.5) * diagonal;
  const [near, low, high] = [x - diagonal, y - diagonal, y + diagonal];
  return { right: away, up, keep: false, outline: [[near, low], [at, low], [at, high], [near, high]] };
}

export interface CutPicture {
  /** 255 inside, 0 outside; rows from below. */
  pixels: Uint8Array<ArrayBuffer>;
  /** The lower left corner in mm, and the sides. */
  low: readonly [number, number];
  size: readonly [number, number];
}

/** The outline filled, by the even-odd rule. */
export function pictureOf({ outline }: Cut): CutPicture {
  const side = (axis: 0 | 1): { low: number; size: number } => {
    const places = outline.map((point) => point[axis]);
    const [least, most] = [Math.min(...places), Math.max(...places)];
    const step = Math.max(most - least, 1e-3) / (RASTER - 2 * BORDER);
    return { low: least - BORDER * step, size: RASTER * step };
  };
  const [x, y] = [side(0), side(1)];
  const corners = outline.map(([right, up]): [number, number] => [((right - x.low) / x.size) * RASTER, ((up - y.low) / y.size) * RASTER]);
  const pixels = new Uint8Array(RASTER * RASTER);
  for (let row = 0; row < RASTER; row += 1) {
    const crossings = crossingsOf(corners, row + 0.5);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      pixels.fill(255, row * RASTER + Math.ceil((crossings[pair] as number) - 0.5), row * RASTER + Math.ceil((crossings[pair + 1] as number) - 0.5));
    }
  }
  return { pixels, low: [x.low, y.low], size: [x.size, y.size] };
}

function crossingsOf(corners: readonly (readonly [number, number])[], height: number): number[] {
  const found: number[] = [];
  corners.forEach(([x1, y1], index) => {
    const [x2, y2] = corners[(index + 1) % corners.length] as readonly [number, number];
    if (y1 <= height !== y2 <= height) found.push(x1 + ((height - y1) / (y2 - y1)) * (x2 - x1));
  });
  return found.sort((a, b) => a - b);
}

/** Four numbers each, by which a place in the texture (x, y, z, 1) is multiplied for its place in the cut's picture, 0 to 1. */
export interface CutPlane {
  across: readonly [number, number, number, number];
  upward: readonly [number, number, number, number];
  keep: boolean;
}

export function planeOfCut({ right, up, keep }: Cut, { low, size }: CutPicture, space: Pick<TextureSpace, 'patientAt'>): CutPlane {
  const [origin, ...corners] = ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]] as const).map((at) => space.patientAt(at));
  const along = (axis: Vector, from: number, length: number): CutPlane['across'] => {
    const first = (dot(origin as Vector, axis) - from) / length;
    const [x, y, z] = corners.map((corner) => (dot(corner, axis) - from) / length - first) as [number, number, number];
    return [x, y, z, first];
  };
  return { across: along(right, low[0], size[0]), upward: along(up, low[1], size[1]), keep };
}

/** Whether a place in the patient is left by a cut. */
export function isKept({ right, up, keep }: Cut, { pixels, low, size }: CutPicture, place: Vector): boolean {
  const [x, y] = [right, up].map((axis, side) => Math.floor(((dot(place, axis) - (low[side] as number)) / (size[side] as number)) * RASTER)) as [number, number];
  const inside = x >= 0 && y >= 0 && x < RASTER && y < RASTER && (pixels[y * RASTER + x] as number) > 127;
  return inside === keep;
}
