// Tiles of a slide as bitmaps: fetched as frames through the request queue, decoded by the pool, kept up to a number of bytes.
// Only what is wanted now is fetched: whatever else waits or runs is cancelled.

import { t } from '../../core/language';
import { number, numbers, text, items, type DataSet } from '../../core/dicom-json';
import { Signal } from '../../core/lifecycle';
import { readPixelDescription } from '../../core/pixels';
import type { Tile } from '../../core/slide/tiles';
import type { StoredPixels } from '../../core/viewport-port';
import type { DicomWebClient, ObjectPath } from '../../net/dicomweb';
import { loadPalette } from '../../net/palette';
import { isAbort, type RequestQueue, type Ticket } from '../../net/queue';
import type { DecodedFrame } from '../decode/decode';
import type { DecodePool } from '../decode/pool';

/** Bytes of tiles kept beyond those on screen. */
const BUDGET = 192 * 2 ** 20;
/** How much wider the greys become before tiles are made anew. */
const WIDER = 1.25;

interface Kept {
  bitmap: ImageBitmap;
  bytes: number;
}

export class TileStore {
  readonly changed = new Signal();
  private readonly tiles = new Map<string, Kept>();
  private readonly failed = new Map<string, string>();
  private readonly pending = new Map<string, Ticket<ImageBitmap>>();
  private bytes = 0;
  /** Lowest and highest grey of the tiles that came, where the file has no window and more than 8 bits. */
  private extent: [number, number] | undefined;
  private gone = false;
  /** By the scanner's ICC profile, which the archive applies. */
  private profiled = false;

  constructor(
    private readonly study: string,
    private readonly series: string,
    private readonly client: DicomWebClient,
    private readonly queue: RequestQueue,
    private readonly pool: DecodePool,
  ) {}

  get(id: string): ImageBitmap | undefined {
    const kept = this.tiles.get(id);
    if (!kept) return undefined;
    this.tiles.delete(id);
    this.tiles.set(id, kept);
    return kept.bitmap;
  }

  get waiting(): number {
    return this.pending.size;
  }

  /** Why tiles are missing that were asked for. */
  get failure(): string {
    return [...this.failed.values()].at(-1) ?? '';
  }

  /** These, in this order, and nothing else. */
  want(wanted: readonly Tile[]): void {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, ticket] of [...this.pending]) {
      if (ids.has(id)) continue;
      this.pending.delete(id);
      ticket.cancel();
    }
    for (const tile of wanted) if (!this.tiles.has(tile.id) && !this.pending.has(tile.id) && !this.failed.has(tile.id)) this.ask(tile);
    this.shrink(ids);
  }

  useProfile(profiled: boolean): void {
    this.profiled = profiled;
    this.clear();
  }

  /** Asks again for what could not be read. */
  retry(): void {
    this.failed.clear();
    this.changed.emit();
  }

  dispose(): void {
    this.gone = true;
    this.clear();
  }

  private clear(): void {
    for (const ticket of this.pending.values()) ticket.cancel();
    this.forget();
    this.pending.clear();
    this.failed.clear();
  }

  private ask(tile: Tile): void {
    const path = { study: this.study, series: this.series, instance: tile.instance.SOPInstanceUID };
    const ticket = this.queue.add('interaction', (signal) => (this.profiled ? this.drawn(path, tile, signal) : this.decoded(path, tile, signal)));
    this.pending.set(tile.id, ticket);
    ticket.result.then(
      (bitmap) => this.keep(tile.id, ticket, bitmap),
      (error: unknown) => this.note(tile.id, ticket, error),
    );
  }

  private async decoded(path: ObjectPath, tile: Tile, signal: AbortSignal): Promise<ImageBitmap> {
    const { dataSet } = tile.instance;
    for (const form of ['stored', 'values'] as const) {
      const [frame] = await this.client.frames(path, [tile.frame], form, signal);
      if (!frame) break;
      try {
        const description = readPixelDescription(dataSet);
        const palette = description.PhotometricInterpretation === 'PALETTE COLOR' ? await loadPalette(this.client, dataSet) : undefined;
        const pixels = await this.pool.decode({ ...frame, description, ...(palette ? { palette } : {}) });
        return await createImageBitmap(new ImageData(rgba(pixels, dataSet, this.rangeOf(pixels, dataSet)), description.Columns, description.Rows));
      } catch (error) {
        if (isAbort(error)) throw error;
      }
    }
    return this.drawn(path, tile, signal);
  }

  /** Lowest and highest value shown: the window of the file, else all of 8 bits, else what the tiles have so far. */
  private rangeOf({ min, max, samples }: DecodedFrame, dataSet: DataSet): readonly [number, number] {
    const fixed = statedRange(dataSet);
    if (fixed || samples === 3) return fixed ?? [0, 255];
    const [low, high] = this.extent ?? [min, max];
    const wider = [Math.min(low, min), Math.max(high, max)] as [number, number];
    if (!this.extent || wider[1] - wider[0] > WIDER * (high - low)) {
      this.extent = wider;
      this.forget();
    }
    return this.extent;
  }

  /** Drops the tiles that are there; those in sight are asked for again. */
  private forget(): void {
    for (const { bitmap } of this.tiles.values()) bitmap.close();
    this.tiles.clear();
    this.bytes = 0;
  }

  private async drawn(path: ObjectPath, tile: Tile, signal: AbortSignal): Promise<ImageBitmap> {
    return createImageBitmap(await this.client.rendered(path, tile.frame, signal, this.profiled ? 'srgb' : ''));
  }

  private keep(id: string, ticket: Ticket<ImageBitmap>, bitmap: ImageBitmap): void {
    if (this.gone || this.pending.get(id) !== ticket) {
      bitmap.close();
      return;
    }
    this.pending.delete(id);
    const bytes = bitmap.width * bitmap.height * 4;
    this.tiles.set(id, { bitmap, bytes });
    this.bytes += bytes;
    this.changed.emit();
  }

  private note(id: string, ticket: Ticket<ImageBitmap>, error: unknown): void {
    if (this.pending.get(id) !== ticket) return;
    this.pending.delete(id);
    if (!isAbort(error)) this.failed.set(id, error instanceof Error ? error.message : t('The tile cannot be read'));
    this.changed.emit();
  }

  private shrink(wanted: ReadonlySet<string>): void {
    for (const [id, { bitmap, bytes }] of [...this.tiles]) {
      if (this.bytes <= BUDGET) return;
      if (wanted.has(id)) continue;
      bitmap.close();
      this.tiles.delete(id);
      this.bytes -= bytes;
    }
  }
}

function statedRange(dataSet: DataSet): [number, number] | undefined {
  const voi = items(items(dataSet, 'SharedFunctionalGroupsSequence')[0], 'FrameVOILUTSequence')[0] ?? dataSet;
  const [[centre], [width]] = [numbers(voi, 'WindowCenter'), numbers(voi, 'WindowWidth')];
  if (centre !== undefined && width !== undefined && width > 1) return [centre - width / 2, centre + width / 2];
  return (number(dataSet, 'BitsStored') ?? 8) <= 8 ? [0, 2 ** (number(dataSet, 'BitsStored') ?? 8) - 1] : undefined;
}

function rgba({ pixels, samples }: DecodedFrame, dataSet: DataSet, range: readonly [number, number]): Uint8ClampedArray<ArrayBuffer> {
  return samples === 3 ? opaque(pixels) : greys(pixels, range, text(dataSet, 'PhotometricInterpretation') === 'MONOCHROME1');
}

function opaque(rgb: StoredPixels): Uint8ClampedArray<ArrayBuffer> {
  const count = rgb.length / 3;
  const out = new Uint8ClampedArray(count * 4);
  for (let i = 0; i < count; i += 1) {
    out[i * 4] = rgb[i * 3] as number;
    out[i * 4 + 1] = rgb[i * 3 + 1] as number;
    out[i * 4 + 2] = rgb[i * 3 + 2] as number;
    out[i * 4 + 3] = 255;
  }
  return out;
}

function greys(values: StoredPixels, [low, high]: readonly [number, number], inverted: boolean): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i += 1) {
    const grey = (((values[i] as number) - low) / Math.max(1e-9, high - low)) * 255;
    out.fill(inverted ? 255 - grey : grey, i * 4, i * 4 + 3);
    out[i * 4 + 3] = 255;
  }
  return out;
}
