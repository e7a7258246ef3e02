// The volumes of the phases of a series, each with its reslicer: made when first wanted, the oldest let go beyond a budget.

import { coarseToFine, type Cut } from '../../core/reslice';
import type { DisplaySet } from '../../core/stack';
import { volumeAlike, type Volume } from '../../core/volume';
import type { PictureStore } from '../picture-store';
import { feedVolume } from './feed';
import { Reslicer } from './reslicer';
import { WaitingWorker } from './waiting-worker';

export interface Held {
  reslicer: Reslicer;
  loaded: number;
  failed: number;
  total: number;
  life: AbortController;
  bytes: number;
}

export interface PhaseHost {
  store: PictureStore;
  source: DisplaySet;
  volume: Volume;
  floating: boolean;
  /** When the first planes are on screen; slices wait for it. */
  first: Promise<unknown>;
  cutOf(id: string): Cut | undefined;
  /** A slice of a phase has come, or will not. */
  onProgress(held: Held): void;
}

const BUDGET = 512 * 2 ** 20;

export class PhaseVolumes {
  private readonly held = new Map<number, Held>();

  constructor(private readonly host: PhaseHost) {}

  /** The volume of a phase; undefined where it does not lie where the first one does. */
  get(phase: number, worker?: Worker, from = 0): Held | undefined {
    const known = this.held.get(phase);
    if (known) return known;
    const set = this.host.source.phases?.sets[phase] ?? this.host.source;
    const volume = phase === (this.host.source.phase ?? 0) ? this.host.volume : volumeAlike(set, this.host.volume.geometry);
    return volume && this.begin(phase, set, volume, worker ?? new WaitingWorker().take(), from);
  }

  isWhole(phase: number): boolean {
    const held = this.get(phase);
    return held !== undefined && held.loaded + held.failed >= held.total;
  }

  /** What was cut before no longer holds in any phase. */
  forget(): void {
    for (const { reslicer } of this.held.values()) reslicer.forget();
  }

  dispose(): void {
    for (const phase of [...this.held.keys()]) this.drop(phase);
  }

  private begin(phase: number, source: DisplaySet, { geometry, pictures }: Volume, worker: Worker, from: number): Held {
    const { store, floating, first, cutOf, onProgress } = this.host;
    const held: Held = { reslicer: new Reslicer(worker, geometry, floating, cutOf), loaded: 0, failed: 0, total: pictures.length, life: new AbortController(), bytes: geometry.columns * geometry.rows * pictures.length * (floating ? 4 : 2) };
    this.held.set(phase, held);
    this.keepToBudget(phase);
    const progress = (kind: 'loaded' | 'failed') => (): void => {
      held[kind] += 1;
      onProgress(held);
    };
    void feedVolume({ store, source, pictures, order: coarseToFine(pictures.length, from), floating, signal: held.life.signal, reslicer: held.reslicer, after: first, onSlice: progress('loaded'), onFailure: progress('failed') });
    return held;
  }

  private keepToBudget(wanted: number): void {
    const sum = (): number => [...this.held.values()].reduce((total, { bytes }) => total + bytes, 0);
    for (const phase of [...this.held.keys()]) if (sum() > BUDGET && phase !== wanted) this.drop(phase);
  }

  private drop(phase: number): void {
    const held = this.held.get(phase);
    held?.life.abort();
    held?.reslicer.dispose();
    this.held.delete(phase);
  }
}
