// From the patient into the texture of a volume, and the rays of a camera there. Pure.

import { dot, type Vector } from '../geometry';
import { add, scaled } from '../plane';
import { directionToVoxel, toVoxel, voxelToPatient, type VolumeGeometry } from '../volume';
import type { Camera } from './camera';
import type { Grid } from './layers';

export interface Rays {
  /** The start of the ray in the middle of the screen, and what the right and the upper edge add; texture coordinates. */
  origin: Vector;
  across: Vector;
  upward: Vector;
  /** A millimetre along the ray. */
  ray: Vector;
  /** How far rays go, in mm. */
  reach: number;
}

/** Columns, rows, and mm along the line of slices, fractions allowed. */
export interface Limits {
  low: Vector;
  high: Vector;
}

export class TextureSpace {
  readonly centre: Vector;
  readonly diagonal: number;
  private readonly scale: Vector;

  constructor(
    private readonly geometry: VolumeGeometry,
    grid: Grid,
  ) {
    const { columns, rows, places } = geometry;
    const length = places.at(-1) as number;
    this.scale = [1 / (grid.factor * grid.columns), 1 / (grid.factor * grid.rows), 1 / (grid.step * grid.layers)];
    this.half = 0.5 / grid.layers;
    this.centre = voxelToPatient(geometry, [(columns - 1) / 2, (rows - 1) / 2, length / 2]);
    this.diagonal = Math.hypot(columns * geometry.columnStep, rows * geometry.rowStep, length);
  }

  private readonly half: number;

  at(place: Vector): Vector {
    const [i, j, s] = toVoxel(this.geometry, place);
    const { scale } = this;
    return [(i + 0.5) * scale[0], (j + 0.5) * scale[1], s * scale[2] + this.half];
  }

  /** The place in the patient of one in the texture. */
  patientAt([x, y, z]: Vector): Vector {
    return voxelToPatient(this.geometry, this.voxelAt([x, y, z]));
  }

  /** What of the voxels lies within a box of the texture. */
  limits(low: Vector, high: Vector): Limits {
    return { low: this.voxelAt(low), high: this.voxelAt(high) };
  }

  private voxelAt([x, y, z]: Vector): Vector {
    const { scale } = this;
    return [x / scale[0] - 0.5, y / scale[1] - 0.5, (z - this.half) / scale[2]];
  }

  direction(step: Vector): Vector {
    const [i, j, s] = directionToVoxel(this.geometry, step);
    const { scale } = this;
    return [i * scale[0], j * scale[1], s * scale[2]];
  }

  rays({ right, up, away, zoom, pan }: Camera, aspect: number): Rays {
    const half = this.diagonal / 2;
    const middle = add(add(add(this.centre, right, pan[0]), up, pan[1]), away, -half);
    const high = half / zoom;
    return { origin: this.at(middle), across: this.direction(scaled(right, high * aspect)), upward: this.direction(scaled(up, high)), ray: this.direction(away), reach: this.diagonal };
  }

  /** Where a place in the patient is on the screen: from -1 to 1, right and up. */
  onScreen(place: Vector, { right, up, zoom, pan }: Camera, aspect: number): [number, number] {
    const from = add(place, this.centre, -1);
    const high = this.diagonal / 2 / zoom;
    return [(dot(from, right) - pan[0]) / (high * aspect), (dot(from, up) - pan[1]) / high];
  }
}
