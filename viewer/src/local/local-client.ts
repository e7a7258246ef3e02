// The client of local studies: answers as the archive's client does, from files of this page. It makes no request.

import { t } from '../core/language';
import { text, type DataElement, type DataSet } from '../core/dicom-json';
import type { StudyOpening } from '../core/opening';
import { readPixelDescription } from '../core/pixels';
import { isPicture, readInstance } from '../core/stack';
import { DicomWebClient, ServerError, type EncodedFrame, type FrameForm, type ObjectPath, type SystemInfo } from '../net/dicomweb';
import type { DecodePool } from '../viewport/decode/pool';
import { frameCount, hasSurplus, readFrame, videoOf } from './frames';
import type { LocalStudies } from './local-studies';
import { BIG_ENDIAN } from './parse';
import { bulkAddress, type LocalObject } from './read-object';
import { swapped } from './values';

const LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const UNCOMPRESSED = new Set(['1.2.840.10008.1.2', LITTLE_ENDIAN, '1.2.840.10008.1.2.1.99', BIG_ENDIAN]);

const DOCUMENT = '00420011';
const DOCUMENT_TYPE = '00420012';

const named = (element: DataElement | null | undefined): string => {
  const [value] = element?.Value ?? [];
  return typeof value === 'string' ? value : '';
};

const missing = (): never => {
  throw new ServerError(404, t('The file is not open in this page'));
};

export class LocalClient extends DicomWebClient {
  override readonly local = true;
  private readonly urls = new Map<string, string>();
  private pool: Promise<DecodePool> | undefined;

  constructor(private readonly studies: LocalStudies) {
    super();
  }

  /** The studies of a patient; other keys are not looked at. */
  override searchStudies(keys: Readonly<Record<string, string>>): Promise<DataSet[]> {
    return Promise.resolve(this.studies.state().studies.filter((row) => !keys.PatientID || text(row, 'PatientID') === keys.PatientID));
  }

  override async openStudy(study: string, known: string): Promise<{ opening: StudyOpening; etag: string } | undefined> {
    const opening = this.studies.opening(study);
    if (opening.series.length === 0) throw new ServerError(404, t('These local files are not open any more: open them again from the study list'));
    const etag = opening.series.map((series) => series.etag).join();
    if (etag === known) return undefined;
    await this.prepareVideos(opening);
    return { opening, etag };
  }

  override async frames(path: ObjectPath, frames: readonly number[], form: FrameForm, signal: AbortSignal): Promise<EncodedFrame[]> {
    const object = this.opened(path);
    const answers: EncodedFrame[] = [];
    for (const frame of frames) {
      signal.throwIfAborted();
      answers.push(await this.frame(object, frame, form === 'values'));
    }
    return answers;
  }

  override rendered(): Promise<Blob> {
    return Promise.reject(new ServerError(415, t('This browser has no decoder for the compression of the file, and no archive is asked')));
  }

  override thumbnail(_study: string, series: string): Promise<Blob> {
    const objects = this.studies.ofSeries(series).filter(({ dataSet }) => isPicture(readInstance(dataSet)));
    const middle = objects[objects.length >> 1];
    return middle ? this.small(middle) : Promise.reject(new ServerError(404, t('The series has no picture')));
  }

  override instanceThumbnail(path: ObjectPath): Promise<Blob> {
    return this.small(this.opened(path));
  }

  override preview(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  override async bulkData(uri: string): Promise<Uint8Array<ArrayBuffer>> {
    const address = bulkAddress(uri);
    const object = address && this.studies.numbered(address.id);
    return object ? address.read(object.source) : missing();
  }

  override objectFile(path: ObjectPath): Promise<Blob> {
    return Promise.resolve(this.opened(path).file);
  }

  override system(): Promise<SystemInfo> {
    return Promise.resolve({});
  }

  /** A video's stream or an encapsulated document, out of the file. */
  override renderedUrl({ instance }: ObjectPath): string {
    const known = this.urls.get(instance);
    if (known) return known;
    const { dataSet, source } = this.studies.object(instance) ?? missing();
    const [, offset = '0', length = '0'] = (dataSet[DOCUMENT]?.BulkDataURI ?? '').split('/');
    return this.keepUrl(instance, new Blob([source.slice(Number(offset), Number(offset) + Number(length))], { type: named(dataSet[DOCUMENT_TYPE]) }));
  }

  override instanceUrl({ instance }: ObjectPath): string {
    return this.studies.object(instance) ? `local:${instance}` : missing();
  }

  private keepUrl(instance: string, content: Blob): string {
    const url = URL.createObjectURL(content);
    this.urls.set(instance, url);
    return url;
  }

  private opened({ instance }: ObjectPath): LocalObject {
    return this.studies.object(instance) ?? missing();
  }

  /** Where the stream of a video lies is looked up before it is asked for by address. */
  private async prepareVideos({ StudyInstanceUID, series }: StudyOpening): Promise<void> {
    for (const { own } of series) {
      for (const element of (own['00080018'] as { elements: (DataElement | null)[] } | undefined)?.elements ?? []) {
        const instance = named(element);
        const object = this.studies.object(instance);
        const video = object && !this.urls.has(instance) && StudyInstanceUID ? await videoOf(object).catch(() => undefined) : undefined;
        if (video) this.keepUrl(instance, video);
      }
    }
  }

  private async frame(object: LocalObject, frame: number, decoded: boolean): Promise<EncodedFrame> {
    const bytes = await readFrame(object, frame);
    const { transferSyntaxUID, dataSet, pixels } = object;
    if (UNCOMPRESSED.has(transferSyntaxUID)) {
      const word = dataSet[pixels?.tag ?? '']?.vr === 'OB' ? 1 : Math.max(2, readPixelDescription(dataSet).BitsAllocated >> 3);
      return { transferSyntaxUID: LITTLE_ENDIAN, bytes: transferSyntaxUID === BIG_ENDIAN ? swapped(bytes, word) : bytes, ...(hasSurplus(object) ? { surplus: true } : {}) };
    }
    if (!decoded) return { transferSyntaxUID, bytes };
    const { decode } = await this.decoders();
    const { pixels: values } = await decode({ bytes, transferSyntaxUID, description: readPixelDescription(dataSet) });
    return { transferSyntaxUID: LITTLE_ENDIAN, bytes: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength) };
  }

  private async decoders(): Promise<Pick<DecodePool, 'decode'>> {
    this.pool ??= import('../viewport/decode/pool').then(({ DecodePool: Pool }) => new Pool(1));
    const pool = await this.pool;
    return { decode: (job) => pool.decode(job) };
  }

  private async small(object: LocalObject): Promise<Blob> {
    const { drawSmall } = await import('./draw-small');
    const frame = Math.ceil(frameCount(object) / 2);
    return drawSmall(object.dataSet, frame, await this.frame(object, frame, false), this, await this.decoders());
  }
}
