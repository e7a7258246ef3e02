// Transfer functions that were changed, kept while the browser's window is open: by preset, so that the next series has them too.

import type { TransferPoint, VolumePreset } from '../../core/volume3d/transfer';

const nameOf = ({ id, relative }: VolumePreset): string => `isocenter.transfer.${relative ? 'relative.' : ''}${id}`;

/** The preset as it was changed last, or as it is. */
export function keptTransfer(preset: VolumePreset): VolumePreset {
  try {
    const points: unknown = JSON.parse(sessionStorage.getItem(nameOf(preset)) ?? 'null');
    return isPoints(points) ? { ...preset, points } : preset;
  } catch {
    return preset;
  }
}

/** Keeps the points, or forgets them where they are none. Storage that is switched off keeps nothing. */
export function keepTransfer(preset: VolumePreset, points: readonly TransferPoint[] | undefined): void {
  try {
    if (points) sessionStorage.setItem(nameOf(preset), JSON.stringify(points));
    else sessionStorage.removeItem(nameOf(preset));
  } catch {
    // Then it holds until 3D is closed.
  }
}

function isPoints(found: unknown): found is TransferPoint[] {
  return Array.isArray(found) && found.length > 1 && found.every((point: Partial<TransferPoint> | null) => typeof point?.value === 'number' && typeof point.opacity === 'number' && point.colour?.length === 3);
}
