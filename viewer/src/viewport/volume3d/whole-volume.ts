// A volume with all its pixels, for the picture at rest where software draws: it is turned with fewer.

import { pictureInfo } from '../../core/picture-info';
import { gridWithin, LayerBuilder, type Grid } from '../../core/volume3d/layers';
import { TextureSpace } from '../../core/volume3d/space';
import type { Range } from '../../core/volume3d/transfer';
import type { VolumeGeometry } from '../../core/volume';
import { normal, type Held, type TextureHost } from './phase-textures';
import type { VolumeTexture } from './renderer';

/** A volume that can be drawn. */
export interface Drawable {
  geometry: VolumeGeometry;
  space: TextureSpace;
  texture: VolumeTexture;
  /** How many pixels of a row, or slices, became one. */
  factor: number;
}

/** Half floats, beside those that are turned. */
const BUDGET = 256 * 2 ** 20;
const MOST_SIDE = 512;

export const reduction = ({ columns, places }: VolumeGeometry, grid: Grid): number => Math.max(Math.ceil(columns / grid.columns), Math.ceil(places.length / grid.layers));

/** Undefined where it would be no finer than what is held, or is no longer wanted. */
export async function wholeVolume({ renderer, store }: Pick<TextureHost, 'renderer' | 'store'>, { set, pictures, geometry, texture: held }: Held, range: Range, wanted: () => boolean): Promise<Drawable | undefined> {
  const grid = gridWithin(geometry, MOST_SIDE, 1, BUDGET);
  const factor = reduction(geometry, grid);
  if (factor >= reduction(geometry, held.grid)) return undefined;
  const texture = renderer.begin(grid);
  const builder = new LayerBuilder(grid, geometry);
  for (const [index, picture] of pictures.entries()) {
    const pixels = await store.load(set, picture, 'prefetch').then((loaded) => loaded.pixels, () => undefined); // prettier-ignore
    if (!pixels || !wanted()) {
      texture.drop();
      return undefined;
    }
    const { slope, intercept } = pictureInfo(picture).transform;
    for (const { layer, values } of builder.put(index, pixels, geometry.columns, geometry.rows, slope, intercept)) texture.put(layer, normal(values, range));
    await new Promise((done) => setTimeout(done, 0));
  }
  return { geometry, space: new TextureSpace(geometry, grid), texture, factor };
}
