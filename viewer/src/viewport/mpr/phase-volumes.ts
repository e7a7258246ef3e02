// The volumes of the phases of a series, each with what cuts its planes: made when first wanted, the oldest let go beyond a budget.

import { coarseToFine, type Cut } from '../../core/reslice';
import type { DisplaySet } from '../../core/stack';
import { volumeAlike, volumeBytes, type Volume } from '../../core/volume';
import type { PictureStore } from '../picture-store';
import { feedVolume } from './feed';
import type { PlaneStore } from './plane-store';
import { Reslicer } from './reslicer';
import { ServerPlanes, type PlaneServer } from './server-planes';
import { WaitingWorker } from './waiting-worker';

export interface Held {
  planes: PlaneStore;
  /** Where the volume is held here. */
  reslicer?: Reslicer;
  loaded: number;
  failed: number;
  total: number;
  life: AbortController;
  /** When every slice has come, or will not. */
  whole: Promise<void>;
  bytes: number;
}

export interface PhaseHost {
  store: PictureStore;
  source: DisplaySet;
  volume: Volume;
  floating: boolean;
  /** When the first planes are on screen; slices wait for it. */
  first: Promise<unknown>;
  /** Cuts the planes instead of this browser. */
  server: PlaneServer | undefined;
  cutOf(id: string): Cut | undefined;
  /** The phase on screen, which is never let go. */
  current(): number;
  /** A slice of a phase has come, or will not. */
  onProgress(held: Held): void;
  /** This browser cannot hold the volume after all. */
  onBroken(): void;
}

const BUDGET = 512 * 2 ** 20;
/** Phases fetched ahead of the one on screen. */
const AHEAD = 24;

export class PhaseVolumes {
  private readonly held = new Map<number, Held>();

  constructor(
    private readonly host: PhaseHost,
    private readonly budget = BUDGET,
  ) {}

  /** The volume of a phase; undefined where it does not lie where the first one does. */
  get(phase: number, worker?: Worker, from = 0): Held | undefined {
    const known = this.held.get(phase);
    if (known) return known;
    const set = this.host.source.phases?.sets[phase] ?? this.host.source;
    const volume = phase === (this.host.source.phase ?? 0) ? this.host.volume : volumeAlike(set, this.host.volume.geometry);
    if (volume && this.host.server) return this.beginAtServer(phase, volume, this.host.server);
    return volume && this.begin(phase, set, volume, worker ?? new WaitingWorker().take(), from);
  }

  isWhole(phase: number): boolean {
    const held = this.get(phase);
    return held !== undefined && held.loaded + held.failed >= held.total;
  }

  /** Fetches the next of so many phases, one after another, as far as there is room for them beside the one on screen. */
  fetchAhead(count: number): void {
    const room = Math.floor(this.budget / volumeBytes(this.host.volume.geometry, this.host.floating)) - 1;
    for (let ahead = 1; ahead <= Math.min(AHEAD, count - 1, room); ahead += 1) if (!this.isWhole((this.host.current() + ahead) % count)) return;
  }

  /** What was cut before no longer holds in any phase. */
  forget(): void {
    for (const { planes } of this.held.values()) planes.forget();
  }

  dispose(): void {
    for (const phase of [...this.held.keys()]) this.drop(phase);
  }

  /** Nothing is fetched ahead: the archive has it all. */
  private beginAtServer(phase: number, { pictures }: Volume, server: PlaneServer): Held {
    const held: Held = { planes: new ServerPlanes(server, pictures, this.host.cutOf), loaded: pictures.length, failed: 0, total: pictures.length, life: new AbortController(), whole: Promise.resolve(), bytes: 0 };
    this.held.set(phase, held);
    return held;
  }

  private begin(phase: number, source: DisplaySet, { geometry, pictures }: Volume, worker: Worker, from: number): Held {
    const { store, floating, first, cutOf, onProgress, onBroken } = this.host;
    const reslicer = new Reslicer(worker, geometry, floating, cutOf, onBroken);
    let resolve = (): void => undefined;
    const whole = new Promise<void>((done) => (resolve = done));
    const held: Held = { planes: reslicer, reslicer, loaded: 0, failed: 0, total: pictures.length, life: new AbortController(), whole, bytes: volumeBytes(geometry, floating) };
    held.life.signal.addEventListener('abort', () => resolve());
    this.held.set(phase, held);
    this.keepToBudget(phase);
    const progress = (kind: 'loaded' | 'failed') => (): void => {
      held[kind] += 1;
      if (held.loaded + held.failed >= held.total) resolve();
      onProgress(held);
    };
    void feedVolume({ store, source, pictures, order: coarseToFine(pictures.length, from), floating, signal: held.life.signal, reslicer, after: first, onSlice: progress('loaded'), onFailure: progress('failed') });
    return held;
  }

  private keepToBudget(wanted: number): void {
    const sum = (): number => [...this.held.values()].reduce((total, { bytes }) => total + bytes, 0);
    for (const phase of [...this.held.keys()]) if (sum() > this.budget && phase !== wanted && phase !== this.host.current()) this.drop(phase);
  }

  private drop(phase: number): void {
    const held = this.held.get(phase);
    held?.life.abort();
    held?.planes.dispose();
    this.held.delete(phase);
  }
}
