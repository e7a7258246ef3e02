// The volumes of the phases of a series as textures: the wanted one is filled first, then those that follow it; beyond the
// memory there is, those that come last in turn are let go. A series without phases has one.

import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { volumeAlike, type Volume, type VolumeGeometry } from '../../core/volume';
import { Histogram } from '../../core/volume3d/histogram';
import { bytesOf, gridWithin, LayerBuilder, type Layer } from '../../core/volume3d/layers';
import { TextureSpace } from '../../core/volume3d/space';
import type { Range } from '../../core/volume3d/transfer';
import { connection } from '../../net/connection';
import { isAbort } from '../../net/queue';
import { Unreachable } from '../../net/server-error';
import type { PictureStore } from '../picture-store';
import type { VolumeTexture } from './renderer';

export interface Held {
  phase: number;
  set: DisplaySet;
  pictures: readonly Picture[];
  geometry: VolumeGeometry;
  space: TextureSpace;
  texture: VolumeTexture;
  builder: LayerBuilder;
  /** Of all layers in the texture, once the range is known. */
  histogram: Histogram | undefined;
  /** Layers that came before the range of values was known. */
  early: Layer[];
  waiting: number[];
  loaded: number;
  failed: number;
  total: number;
  /** Everything that will come is in the texture. */
  whole: boolean;
}

export interface TextureHost {
  source: DisplaySet;
  volume: Volume;
  store: Pick<PictureStore, 'load'>;
  renderer: { readonly mostSide: number; begin(grid: LayerBuilder['grid']): VolumeTexture };
  /** The values that textures hold as 0 to 1, once they are known. */
  range(): Range | undefined;
  /** Finds them from the layers of the first volume that is there. */
  findRange(layers: readonly Layer[]): void;
  onProgress(held: Held): void;
  onWhole(held: Held): void;
}

/** Textures of all phases together. */
const BUDGET = 768 * 2 ** 20;
const AT_ONCE = 6;

export class PhaseTextures {
  /** How many phases memory holds. */
  readonly fit: number;
  readonly count: number;
  private readonly held = new Map<number, Held>();
  private readonly grid: LayerBuilder['grid'];
  private wanted = 0;
  /** What is on screen is never let go. */
  private drawn: Held | undefined;
  private running = 0;
  private disposed = false;
  private readonly life = new AbortController();

  constructor(
    private readonly host: TextureHost,
    budget = BUDGET,
  ) {
    this.count = host.source.phases?.sets.length ?? 1;
    this.grid = gridWithin(host.volume.geometry, host.renderer.mostSide, this.count, budget);
    this.fit = Math.min(this.count, Math.max(1, Math.floor(budget / bytesOf(this.grid))));
  }

  /** Fills this phase before all others; undefined where it does not lie where the first one does. */
  want(phase: number): Held | undefined {
    const before = this.wanted;
    this.wanted = phase;
    const held = this.get(phase);
    if (!held) {
      this.wanted = before;
      return undefined;
    }
    for (let more = AT_ONCE - this.running; more > 0; more -= 1) void this.feed();
    return held;
  }

  isWhole(phase: number): boolean {
    return this.held.get(phase)?.whole ?? false;
  }

  keep(held: Held): void {
    this.drawn = held;
  }

  dispose(): void {
    this.disposed = true;
    this.life.abort();
    this.held.clear();
  }

  private get(phase: number): Held | undefined {
    const known = this.held.get(phase);
    if (known) return known;
    const { source, volume } = this.host;
    const set = source.phases?.sets[phase] ?? source;
    const own = phase === (source.phase ?? 0) ? volume : volumeAlike(set, volume.geometry);
    return own && this.begin(phase, set, own);
  }

  private begin(phase: number, set: DisplaySet, { geometry, pictures }: Volume): Held {
    const { grid } = this;
    const held: Held = {
      phase, set, pictures, geometry, space: new TextureSpace(geometry, grid), texture: this.host.renderer.begin(grid), builder: new LayerBuilder(grid, geometry),
      histogram: undefined, early: [], waiting: pictures.map((_, index) => index), loaded: 0, failed: 0, total: pictures.length, whole: false,
    }; // prettier-ignore
    this.held.set(phase, held);
    this.keepToBudget();
    return held;
  }

  /** Lets go of what is not on screen and not among those that come next. */
  private keepToBudget(): void {
    for (const held of [...this.held.values()]) {
      if (held === this.drawn || this.turn(held.phase) < this.fit) continue;
      this.held.delete(held.phase);
      held.texture.drop();
    }
  }

  private turn(phase: number): number {
    return (phase - this.wanted + this.count) % this.count;
  }

  private next(): { held: Held; index: number } | undefined {
    for (let ahead = 0; ahead < this.fit; ahead += 1) {
      const held = this.get((this.wanted + ahead) % this.count);
      const index = held?.waiting.shift();
      if (held && index !== undefined) return { held, index };
    }
    return undefined;
  }

  private async feed(): Promise<void> {
    this.running += 1;
    for (let next = this.next(); next && !this.disposed; next = this.next()) {
      await this.load(next.held, next.index);
      await new Promise((done) => setTimeout(done, 0));
    }
    this.running -= 1;
  }

  private async load(held: Held, index: number): Promise<void> {
    const picture = held.pictures[index] as Picture;
    try {
      const { pixels } = await this.host.store.load(held.set, picture, 'prefetch');
      if (this.isGone(held)) return;
      const { slope, intercept } = pictureInfo(picture).transform;
      const { columns, rows } = held.geometry;
      this.take(held, held.builder.put(index, pixels, columns, rows, slope, intercept));
      held.loaded += 1;
    } catch (error) {
      if (this.isGone(held)) return;
      if (isAbort(error)) held.waiting.push(index);
      else if (error instanceof Unreachable) {
        held.waiting.push(index);
        await connection.back(this.life.signal);
        return;
      } else held.failed += 1;
    }
    this.host.onProgress(held);
    if (held.loaded + held.failed === held.total) this.finish(held);
  }

  private take(held: Held, layers: readonly Layer[]): void {
    const range = this.host.range();
    if (!range) held.early.push(...layers);
    else {
      held.histogram ??= new Histogram(range);
      for (const { layer, values } of layers) {
        held.histogram.add(values);
        held.texture.put(layer, normal(values, range));
      }
    }
  }

  private finish(held: Held): void {
    if (!this.host.range()) this.host.findRange(held.early);
    for (const one of this.held.values()) this.take(one, one.early.splice(0));
    held.whole = true;
    this.host.onWhole(held);
  }

  private isGone(held: Held): boolean {
    return this.disposed || this.held.get(held.phase) !== held;
  }
}

/** Values as a texture holds them. */
export function normal(values: Float32Array<ArrayBuffer>, { low, high }: Range): Float32Array<ArrayBuffer> {
  return values.map((value) => (value - low) / (high - low));
}
