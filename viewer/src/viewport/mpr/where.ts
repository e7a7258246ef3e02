// Whether this browser holds a volume, or the archive cuts its planes. Cutting needs no graphics processor, but memory.

import { isFloating, volumeBytes, type Volume } from '../../core/volume';
import type { PlanesWanted } from './wanted';

const MEBIBYTE = 2 ** 20;
const MOST_BYTES = 1200 * MEBIBYTE;
const DEFAULT_GIBIBYTES = 4;

/** Bytes of a volume that are held: a quarter of the memory the browser admits to, 1.2 GB at most. */
export function volumeBudget(gibibytes: number | undefined): number {
  return Math.min(MOST_BYTES, (gibibytes ?? DEFAULT_GIBIBYTES) * 256 * MEBIBYTE);
}

export function drawsPlanes({ geometry, pictures }: Volume, wanted: PlanesWanted, gibibytes = (navigator as { deviceMemory?: number }).deviceMemory): 'browser' | 'server' {
  if (wanted !== 'automatic') return wanted;
  return volumeBytes(geometry, isFloating(pictures)) > volumeBudget(gibibytes) ? 'server' : 'browser';
}
