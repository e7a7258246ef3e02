// The objects behind one open viewer page: decoders, pictures in memory, series, the pane's controller. Owns them all.

import { Owner } from '../../core/lifecycle';
import { BitmapStore } from '../../viewport/bitmap-store';
import { DecodePool } from '../../viewport/decode/pool';
import { StackController } from '../../viewport/stack-controller';
import { StudyLoader } from '../../viewport/study-loader';
import type { Services } from '../services';

const MEBIBYTE = 2 ** 20;

/** Bytes of pictures kept: an eighth of the memory the browser admits to, 1 GiB at most. */
function memoryBudget(): number {
  const gibibytes = (navigator as { deviceMemory?: number }).deviceMemory ?? 4;
  return Math.min(1024, Math.max(192, gibibytes * 128)) * MEBIBYTE;
}

export interface ViewerEngine {
  store: BitmapStore;
  loader: StudyLoader;
  controller: StackController;
  dispose(): void;
}

export function createEngine({ client, queue }: Services): ViewerEngine {
  const owner = new Owner();
  const pool = new DecodePool();
  owner.own(() => pool.dispose());
  const store = new BitmapStore(client, queue, pool, memoryBudget());
  owner.own(() => store.dispose());
  const loader = new StudyLoader(client);
  owner.own(() => loader.dispose());
  const controller = new StackController(store);
  owner.own(() => controller.dispose());
  return { store, loader, controller, dispose: () => owner.dispose() };
}
