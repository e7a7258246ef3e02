// The surface worker: takes slices in order, leaves out what is cut or clipped away, gives back an STL file.

import { voxelToPatient, type VolumeGeometry } from '../../core/volume';
import { isKept, type Cut, type CutPicture } from '../../core/volume3d/scissors';
import type { Limits } from '../../core/volume3d/space';
import { StlWriter } from '../../core/volume3d/stl';
import { SurfaceBuilder } from '../../core/volume3d/surface';

export interface SurfaceOrder {
  geometry: VolumeGeometry;
  threshold: number;
  cuts: readonly { cut: Cut; picture: CutPicture }[];
  /** What is left by the clipping box. */
  limits: Limits | undefined;
}
export type SurfaceRequest = { kind: 'open'; order: SurfaceOrder } | { kind: 'slice'; index: number; values: Float32Array } | { kind: 'finish' };
export type SurfaceAnswer = { kind: 'taken'; triangles: number } | { kind: 'done'; file: Blob; triangles: number };

interface WorkerScope {
  onmessage: ((event: MessageEvent<SurfaceRequest>) => void) | null;
  postMessage(answer: SurfaceAnswer): void;
}

interface Work {
  order: SurfaceOrder;
  builder: SurfaceBuilder;
  writer: StlWriter;
  /** The browser may keep them on its disk. */
  pieces: Blob[];
}

const scope = self as unknown as WorkerScope;
let work: Work | undefined;

scope.onmessage = ({ data }) => {
  if (data.kind === 'open') work = begin(data.order);
  else if (work && data.kind === 'slice') {
    leaveOut(work.order, data.index, data.values);
    work.builder.put(data.values);
    scope.postMessage({ kind: 'taken', triangles: work.writer.triangles });
  } else if (work) {
    work.builder.finish();
    const header = work.writer.finish();
    scope.postMessage({ kind: 'done', file: new Blob([header, ...work.pieces], { type: 'model/stl' }), triangles: work.writer.triangles });
  }
};

function begin(order: SurfaceOrder): Work {
  const pieces: Blob[] = [];
  const writer = new StlWriter((piece) => pieces.push(new Blob([piece])));
  return { order, pieces, writer, builder: new SurfaceBuilder(order.geometry, order.threshold, writer.take) };
}

/** What is not shown is nothing to the surface, which closes there. */
function leaveOut({ geometry, threshold, cuts, limits }: SurfaceOrder, index: number, values: Float32Array): void {
  const place = geometry.places[index] as number;
  if (cuts.length === 0 && !limits) return;
  const within = (axis: 0 | 1 | 2, at: number): boolean => !limits || (at >= limits.low[axis] && at <= limits.high[axis]);
  const slice = within(2, place);
  for (let y = 0, at = 0; y < geometry.rows; y += 1) {
    const row = slice && within(1, y);
    for (let x = 0; x < geometry.columns; x += 1, at += 1) {
      if (!((values[at] as number) >= threshold)) continue;
      if (!row || !within(0, x) || !cuts.every(({ cut, picture }) => isKept(cut, picture, voxelToPatient(geometry, [x, y, place])))) values[at] = NaN;
    }
  }
}
