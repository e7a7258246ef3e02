// Pictures in memory: loads them through the request queue, decodes them, keeps the most recent up to a number of bytes.
// What the browser cannot decode the archive decodes; what neither can is shown as the archive draws it.

import { number, text } from '../core/dicom-json';
import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import { overlayBits } from '../core/overlay-planes';
import { forgetPictureInfo, pixelShapeOf } from '../core/picture-info';
import { readPixelDescription, type PixelDescription } from '../core/pixels';
import { isWorthRecoding } from '../core/recoding';
import type { DisplaySet, Instance, Picture } from '../core/stack';
import type { Bitmap } from '../core/viewport-port';
import type { Arriving, DicomWebClient, EncodedFrame, ObjectPath } from '../net/dicomweb';
import { loadTables } from '../net/lookup-tables';
import { loadPalette } from '../net/palette';
import { Unreachable } from '../net/server-error';
import { isAbort, type Kind, type RequestQueue, type Ticket } from '../net/queue';
import type { DecodedFrame, PackedFrame } from './decode/decode';
import type { DecodePool } from './decode/pool';
import { HeldBitmaps, type HeldBitmap } from './held-bitmaps';
import { sharpening } from './sharpening';
import type { PictureStore, ShowEarly } from './picture-store';

export interface LoadedBitmap extends Bitmap {
  /** Who decoded it. `archive-drawn` has no values, only grey levels. */
  source: 'browser' | 'archive' | 'archive-drawn';
  /** Overlays inside the pixel cells, by bit. */
  planes?: Map<number, Uint8Array>;
  /** Compressed with loss, whatever the header says. */
  lossy?: boolean;
  /** Part of the pixels is made up, as their data are missing. */
  incomplete?: boolean;
  /** There are more pixel data than the header says. */
  surplus?: boolean;
}

interface Pending {
  promise: Promise<HeldBitmap>;
  ticket: Ticket<unknown>;
  kind: Kind;
  set: string;
  /** Who takes what there is of it. */
  early: ShowEarly[];
}

const FRAMES_A_REQUEST = 8;
/** Bytes of pixels up to which nothing is packed. */
const UNPACKED = 128 * 2 ** 20;

/** Transfer syntaxes that cannot be without loss: JPEG baseline and extended, JPEG-LS near-lossless. */
const LOSSY_SYNTAXES = new Set(['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.81']);

export class BitmapStore implements PictureStore {
  readonly changed = new Signal();
  private readonly bitmaps: HeldBitmaps;
  private readonly failed = new Map<string, string>();
  /** Failures that tell nothing of the picture: the archive did not answer. */
  private readonly unanswered = new Set<string>();
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly client: DicomWebClient,
    private readonly queue: RequestQueue,
    private readonly pool: DecodePool,
    budget: number,
    private readonly linkRate: () => number | undefined = () => undefined,
  ) {
    this.bitmaps = new HeldBitmaps(budget);
  }

  /** What the pictures take in memory. */
  get bytes(): number {
    return this.bitmaps.bytes;
  }

  get(id: string): LoadedBitmap | undefined {
    return this.bitmaps.get(id);
  }

  has(id: string): boolean {
    return this.bitmaps.has(id);
  }

  failure(id: string): string | undefined {
    return this.failed.get(id);
  }

  forgetFailure(id: string): void {
    this.failed.delete(id);
  }

  /** The archive answers again. */
  forgetUnanswered(): void {
    for (const id of this.unanswered) this.failed.delete(id);
    this.unanswered.clear();
    this.changed.emit();
  }

  /** How many pictures of this size fit into memory. */
  fits(bytes: number): number {
    return this.bitmaps.fits(bytes);
  }

  load(set: DisplaySet, picture: Picture, kind: Kind, early?: ShowEarly): Promise<LoadedBitmap> {
    const ready = this.get(picture.id);
    if (ready) return Promise.resolve(ready);
    if (!this.pending.has(picture.id)) void this.request(set, [picture], kind);
    const coming = this.pending.get(picture.id) as Pending;
    coming.ticket.promote(kind);
    if (kind === 'interaction') coming.kind = kind;
    if (early) coming.early.push(early);
    return this.opened(coming.promise);
  }

  /** Loads what is missing in this order, several frames of one object in one request; what waits in another order is dropped. */
  prefetch(set: DisplaySet, pictures: readonly Picture[]): void {
    for (const [id, { ticket, kind, set: of }] of [...this.pending]) {
      if (of === set.id && kind === 'prefetch' && ticket.withdraw()) this.pending.delete(id);
    }
    const wanted = pictures.filter(({ id }) => !this.bitmaps.has(id) && !this.pending.has(id) && !this.failed.has(id));
    const groups: Picture[][] = [];
    for (const picture of wanted) {
      const open = groups.find((group) => group.length < FRAMES_A_REQUEST && group[0]?.instance === picture.instance);
      if (open) open.push(picture);
      else groups.push([picture]);
    }
    for (const group of groups) for (const promise of this.request(set, group, 'prefetch')) promise.catch(() => undefined);
  }

  /** Drops every waiting or running request for pictures of a set. */
  cancelPrefetch(set: DisplaySet): void {
    for (const [id, { ticket, set: of }] of [...this.pending]) {
      if (of !== set.id) continue;
      ticket.cancel();
      this.pending.delete(id);
    }
  }

  dispose(): void {
    for (const { ticket } of [...this.pending.values()]) ticket.cancel();
    this.bitmaps.clear();
  }

  private opened(coming: Promise<HeldBitmap>): Promise<LoadedBitmap> {
    return coming.then((bitmap) => this.bitmaps.opened(bitmap));
  }

  private request(set: DisplaySet, pictures: readonly Picture[], kind: Kind): Promise<HeldBitmap>[] {
    const instance = pictures[0]?.instance as Instance;
    const path = { study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: instance.SOPInstanceUID };
    const packed = this.bitmaps.bytes + bytesOf(set, readPixelDescription(instance.dataSet)) > UNPACKED;
    const ticket = this.queue.add(kind, (signal) => this.fetchFrames(path, pictures, signal));
    return pictures.map((picture, index) => {
      const promise = ticket.result
        .then((answers) => this.finish(path, picture, answers?.[index], packed))
        .finally(() => {
          if (this.pending.get(picture.id)?.ticket === ticket) this.pending.delete(picture.id);
        });
      promise.then(
        (bitmap) => this.keep(bitmap),
        (error: unknown) => this.note(picture.id, error),
      );
      this.pending.set(picture.id, { promise, ticket, kind, set: set.id, early: [] });
      return promise;
    });
  }

  private async fetchFrames(path: ObjectPath, pictures: readonly Picture[], signal: AbortSignal): Promise<EncodedFrame[] | undefined> {
    const arriving = pictures[0] && pictures.length === 1 ? this.sharpening(pictures[0]) : undefined;
    for (const form of pictures[0] && this.isRecoded(pictures[0]) ? (['recoded', 'stored'] as const) : (['stored'] as const)) {
      try {
        return await this.client.frames(path, pictures.map(({ frame }) => frame), form, signal, arriving);
      } catch (error) {
        if (isAbort(error) || error instanceof Unreachable) throw error;
      }
    }
    return undefined;
  }

  private isRecoded({ instance: { dataSet } }: Picture): boolean {
    return !this.client.local && isWorthRecoding(readPixelDescription(dataSet), overlayBits(dataSet).length > 0, this.linkRate());
  }

  /** What turns the beginnings of a picture into what is shown of it, for whoever waits for it. */
  private sharpening(picture: Picture): Arriving {
    const { dataSet } = picture.instance;
    const waiting = (): ShowEarly[] => this.pending.get(picture.id)?.early ?? [];
    return sharpening(readPixelDescription(dataSet), overlayBits(dataSet).length > 0, {
      wanted: () => waiting().length > 0,
      make: async (beginning, reducedBy) => {
        await this.loadTables(picture);
        const frame = await this.pool.decode({ ...beginning, description: readPixelDescription(dataSet), reducedBy });
        for (const show of waiting()) show(this.bitmap(picture, frame, 'browser') as LoadedBitmap);
      },
    });
  }

  private async finish(path: ObjectPath, picture: Picture, answer: EncodedFrame | undefined, packed: boolean): Promise<HeldBitmap> {
    const { signal } = new AbortController();
    const attempts: (() => Promise<HeldBitmap>)[] = [
      async () => {
        const { transferSyntaxUID, surplus = false } = answer as EncodedFrame;
        return { ...this.bitmap(picture, await this.decode(picture.instance, answer as EncodedFrame, packed), 'browser'), lossy: LOSSY_SYNTAXES.has(transferSyntaxUID), ...(surplus ? { surplus } : {}) };
      },
      async () => {
        const [decoded] = await this.client.frames(path, [picture.frame], 'values', signal);
        return this.bitmap(picture, await this.decode(picture.instance, decoded as EncodedFrame, packed), 'archive');
      },
      async () => drawnByArchive(picture, await this.client.rendered(path, picture.frame, signal)),
    ];
    await this.loadTables(picture);
    let first: unknown;
    for (const attempt of answer ? attempts : attempts.slice(1)) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof Unreachable) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  private async loadTables(picture: Picture): Promise<void> {
    if (await loadTables(this.client, picture.instance.dataSet, picture.attributes)) forgetPictureInfo(picture);
  }

  private async decode(instance: Instance, { bytes, transferSyntaxUID }: EncodedFrame, packed: boolean): Promise<DecodedFrame | PackedFrame> {
    const description = readPixelDescription(instance.dataSet);
    const palette = description.PhotometricInterpretation === 'PALETTE COLOR' ? await loadPalette(this.client, instance.dataSet) : undefined;
    const job = { bytes, transferSyntaxUID, description, overlayBits: overlayBits(instance.dataSet), ...(palette ? { palette } : {}) };
    return packed ? this.pool.decodeAndPack(job) : this.pool.decode(job);
  }

  private bitmap(picture: Picture, frame: DecodedFrame | PackedFrame, source: LoadedBitmap['source']): HeldBitmap {
    const { dataSet } = picture.instance;
    return { ...frame, ...pixelShapeOf(picture), columns: number(dataSet, 'Columns') ?? 1, rows: number(dataSet, 'Rows') ?? 1, id: picture.id, source };
  }

  private keep(bitmap: HeldBitmap): void {
    this.bitmaps.keep(bitmap);
    this.changed.emit();
  }

  private note(id: string, error: unknown): void {
    if (isAbort(error)) return;
    if (error instanceof Unreachable) this.unanswered.add(id);
    this.failed.set(id, error instanceof Error ? error.message : t('The image cannot be read'));
    this.changed.emit();
  }
}

/** What all pictures of a set take, in all phases. */
function bytesOf({ pictures, phases }: DisplaySet, { Rows, Columns, SamplesPerPixel, BitsAllocated }: PixelDescription): number {
  return pictures.length * (phases?.sets.length ?? 1) * Rows * Columns * SamplesPerPixel * (BitsAllocated > 8 ? 2 : 1);
}

async function drawnByArchive(picture: Picture, blob: Blob): Promise<LoadedBitmap> {
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error(t('{modality} image cannot be drawn', { modality: text(picture.instance.dataSet, 'Modality') }));
  context.drawImage(image, 0, 0);
  image.close();
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) pixels.set(data.subarray(i * 4, i * 4 + 3), i * 3);
  return { id: picture.id, columns: width, rows: height, ...pixelShapeOf(picture), samples: 3, pixels, min: 0, max: 255, source: 'archive-drawn' };
}
