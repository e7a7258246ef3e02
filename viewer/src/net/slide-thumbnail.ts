// A small picture of a whole slide, put together of the tiles of its coarsest level as the archive draws them.

import { t } from '../core/language';
import { readSlide, tilesIn } from '../core/slide/pyramid';
import type { Instance } from '../core/stack';
import type { DicomWebClient } from './dicomweb';

const [SIDE, MOST_TILES] = [256, 150];

/** Raises Error where there are too many tiles for a small picture. */
export async function slideThumbnail(client: DicomWebClient, study: string, series: string, instances: readonly Instance[], signal: AbortSignal): Promise<Blob> {
  const { levels, paths, planes } = readSlide(instances);
  const level = levels.at(-1);
  const tiles = level ? tilesIn(level, { left: 0, top: 0, right: level.columns, bottom: level.rows, path: paths[0]?.id ?? '', plane: planes[planes.length >> 1] ?? 0 }) : [];
  if (!level || tiles.length === 0 || tiles.length > MOST_TILES) throw new Error(t('The slide has no small level'));
  const scale = SIDE / Math.max(level.columns, level.rows);
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(level.columns * scale)), Math.max(1, Math.round(level.rows * scale)));
  const context = canvas.getContext('2d');
  for (const { instance, frame, x, y } of tiles) {
    const bitmap = await createImageBitmap(await client.rendered({ study, series, instance: instance.SOPInstanceUID }, frame, signal));
    context?.drawImage(bitmap, x * scale, y * scale, bitmap.width * scale + 1, bitmap.height * scale + 1);
    bitmap.close();
  }
  return canvas.convertToBlob({ type: 'image/png' });
}
