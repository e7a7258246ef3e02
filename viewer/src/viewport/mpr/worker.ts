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

/** Cuts a little that nobody sees: the first planes that somebody waits for would else be cut by code that is not compiled yet. */
function warm(): void {
  const side = 96;
  const geometry = { origin: [0, 0, 0], row: [1, 0, 0], column: [0, 1, 0], line: [0, 0, 1], columnStep: 1, rowStep: 1, columns: side, rows: side, places: [0, 1, 2], FrameOfReferenceUID: '' } satisfies VolumeGeometry;
  const store = new VoxelStore(geometry, false);
  store.fallBackOn(filled(geometry, new Float32Array(side * side * geometry.places.length)));
  const down = [0, 2 / side, 1 / side] as const;
  for (let turn = 0; turn < 4; turn += 1) store.cut({ origin: [0.5, 0.5, 0.5], right: [0.9, 0, 0], down, columns: side, rows: side });
}

function filled(geometry: VolumeGeometry, values: Float32Array): VoxelStore {
  const store = new VoxelStore(geometry, true);
  const size = geometry.columns * geometry.rows;
  for (let index = 0; index < geometry.places.length; index += 1) store.put(index, values.subarray(index * size, (index + 1) * size));
  return store;
}

warm();
