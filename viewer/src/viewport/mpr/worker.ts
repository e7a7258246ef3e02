// The reslicing worker: holds the volume, takes slices as they come, cuts planes.

import { VoxelStore, type Cut, type CutPixels } from '../../core/reslice';
import type { VolumeGeometry } from '../../core/volume';
import type { StoredPixels } from '../../core/viewport-port';

export type ResliceRequest =
  | { kind: 'open'; geometry: VolumeGeometry; floating: boolean }
  | { kind: 'preview'; geometry: VolumeGeometry; values: Float32Array }
  | { kind: 'slice'; index: number; pixels: StoredPixels; slope: number; intercept: number }
  | { kind: 'cut'; id: number; cut: Cut };
export type ResliceAnswer = { id: number; ms: number } & CutPixels;

interface WorkerScope {
  onmessage: ((event: MessageEvent<ResliceRequest>) => void) | null;
  postMessage(answer: ResliceAnswer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
let voxels: VoxelStore | undefined;

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'open':
      voxels = new VoxelStore(data.geometry, data.floating);
      break;
    case 'preview':
      voxels?.fallBackOn(filled(data.geometry, data.values));
      break;
    case 'slice':
      voxels?.put(data.index, data.slope === 1 && data.intercept === 0 ? data.pixels : Float32Array.from(data.pixels, (value) => value * data.slope + data.intercept));
      break;
    case 'cut': {
      const start = performance.now();
      const made = voxels?.cut(data.cut);
      if (made) scope.postMessage({ id: data.id, ms: performance.now() - start, ...made }, [made.pixels.buffer]);
      break;
    }
  }
};

function filled(geometry: VolumeGeometry, values: Float32Array): VoxelStore {
  const store = new VoxelStore(geometry, true);
  const size = geometry.columns * geometry.rows;
  for (let index = 0; index < geometry.places.length; index += 1) store.put(index, values.subarray(index * size, (index + 1) * size));
  return store;
}
