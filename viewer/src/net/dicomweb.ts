// The one DICOMweb client (PS3.18): QIDO-RS, frames, rendered, thumbnails, bulk data; and of /api what opens a study.

import { text, type DataSet } from '../core/dicom-json';
import { t } from '../core/language';
import type { StudyOpening } from '../core/opening';
import type { ToldPlane } from '../core/server-plane';
import { readArriving, type Arrived } from './arriving';
import { connection } from './connection';
import { firstBody, parameter, readMultipart } from './multipart';
import { release } from './release';
import { ServerError } from './server-error';
import { API, DICOM_WEB } from './site';

export { ServerError, describe } from './server-error';

export interface SystemInfo {
  name?: string;
  version?: string;
  aet?: string;
  host?: string;
  /** null where there is no such port. */
  dicom_port?: number | null;
  dicom_tls_port?: number | null;
}

export interface EncodedFrame {
  transferSyntaxUID: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** The object has more pixel data than its header says. */
  surplus?: boolean;
}

/** In which form frames come: as stored, as little endian values, or in HTJ2K where what is stored is bigger or has no lower resolutions. */
export type FrameForm = 'stored' | 'values' | 'recoded';

/** Hears of what there is of a frame, and in how many ms the rest comes if it goes on as before. */
export type Arriving = (beginning: EncodedFrame, remaining: number) => void;

export interface ObjectPath {
  study: string;
  series: string;
  instance: string;
}

const JSON_TYPE = 'application/dicom+json';
const LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const JPEG_FAMILY = '1.2.840.10008.1.2.4.';
/** Lossless, lossless by resolution, either. */
const HTJ2K: ReadonlySet<string> = new Set(['201', '202', '203'].map((last) => JPEG_FAMILY + last));
/** Not recoded: what has lost something, is as small, or says by itself that it is cut off (JPEG lossless). */
const NOT_RECODED = ['50', '51', '57', '70', '80', '81', '90', '91', '201', '203'];

const inSyntax = (transferSyntax: string): string => `multipart/related; type="application/octet-stream"; transfer-syntax=${transferSyntax}`;
/** Of those that are wanted alike the archive sends the one that it has; a busy one sends any as stored. */
const ACCEPT: Readonly<Record<FrameForm, string>> = {
  stored: inSyntax('*'),
  values: inSyntax(LITTLE_ENDIAN),
  recoded: [...['202', ...NOT_RECODED].map((last) => inSyntax(JPEG_FAMILY + last)), `${inSyntax('*')}; q=0.5`].join(', '),
};

export class DicomWebClient {
  /** Whether it answers from files of this page instead of the archive, so that nothing can be stored. */
  readonly local: boolean = false;

  constructor(
    private readonly root = DICOM_WEB,
    private readonly api = API,
  ) {}

  /** QIDO-RS studies; 204 reads as none. `keys` are attribute keywords. */
  searchStudies(keys: Readonly<Record<string, string>>, limit: number, offset: number, signal?: AbortSignal): Promise<DataSet[]> {
    const query = new URLSearchParams({ ...keys, limit: String(limit), offset: String(offset) });
    return this.json(`${this.root}/studies?${query}`, signal);
  }

  /** The document that opens a study, with its entity tag; undefined where it is still the one of `known`. */
  async openStudy(study: string, known: string, signal?: AbortSignal): Promise<{ opening: StudyOpening; etag: string } | undefined> {
    const response = await this.get(`${this.api}/studies/${study}/open`, 'application/json', signal, known);
    if (response.status === 304) return undefined;
    return { opening: (await response.json()) as StudyOpening, etag: response.headers.get('etag') ?? '' };
  }

  /** Frames (numbers from 1). One answer, in the order asked for. `arriving` hears of a first one in HTJ2K as it comes. */
  async frames(path: ObjectPath, frames: readonly number[], form: FrameForm, signal: AbortSignal, arriving?: Arriving): Promise<EncodedFrame[]> {
    const response = await this.get(`${this.object(path)}/frames/${frames.join(',')}`, ACCEPT[form], signal);
    const type = response.headers.get('content-type') ?? '';
    const syntax = parameter(type, 'transfer-syntax');
    const body = arriving && HTJ2K.has(syntax) ? await readArriving(response, (arrived) => tellOfFrame(arrived, syntax, arriving)) : await response.arrayBuffer();
    const parts = readMultipart(type, new Uint8Array(body));
    if (parts.length !== frames.length) throw new ServerError(response.status, t('Asked for {asked} frames, got {got}', { asked: frames.length, got: parts.length }));
    const answers = parts.map((part) => ({
      transferSyntaxUID: parameter(part.headers.get('content-type') ?? '', 'transfer-syntax') || syntax || LITTLE_ENDIAN,
      bytes: part.body.slice(),
      ...(part.headers.has('surplus-pixel-data') ? { surplus: true } : {}),
    }));
    release(body);
    return answers;
  }

  /** A frame drawn by the archive, as an image file; in the colour space named, by the image's own profile. */
  async rendered(path: ObjectPath, frame: number, signal: AbortSignal, iccprofile = ''): Promise<Blob> {
    return (await this.get(`${this.object(path)}/frames/${frame}/rendered${iccprofile ? `?iccprofile=${iccprofile}` : ''}`, 'image/png, image/jpeg', signal)).blob();
  }

  async thumbnail(study: string, series: string, signal: AbortSignal): Promise<Blob> {
    return (await this.get(`${this.root}/studies/${study}/series/${series}/thumbnail`, 'image/jpeg', signal)).blob();
  }

  async instanceThumbnail(path: ObjectPath, signal: AbortSignal): Promise<Blob> {
    return (await this.get(`${this.object(path)}/rendered?viewport=256,256`, 'image/jpeg', signal)).blob();
  }

  /** The small volume of a series; undefined where it is none, or so small that it needs none. */
  async preview(study: string, series: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const response = await this.get(`${this.api}/studies/${study}/series/${series}/preview`, 'application/octet-stream', signal);
    return response.status === 204 ? undefined : new Uint8Array(await response.arrayBuffer());
  }

  /** A plane that the archive cuts out of a series, and what it says of it. */
  async plane(of: DataSet, query: string, signal: AbortSignal): Promise<{ body: ArrayBuffer; told: ToldPlane }> {
    const response = await this.get(`${this.api}/studies/${text(of, 'StudyInstanceUID')}/series/${text(of, 'SeriesInstanceUID')}/mpr?${query}`, 'application/octet-stream', signal);
    const told = JSON.parse(response.headers.get('x-isocenter-plane') ?? '{}') as ToldPlane;
    return { body: await response.arrayBuffer(), told };
  }

  /** Bytes behind a BulkDataURI, taken out of their multipart wrapping if they have one. */
  async bulkData(uri: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.get(uri, 'application/octet-stream, multipart/related; type="application/octet-stream"', signal);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const type = response.headers.get('content-type') ?? '';
    return type.startsWith('multipart/') ? (readMultipart(type, bytes)[0]?.body ?? new Uint8Array()) : bytes;
  }

  /** An object as a file, as it is stored. */
  async objectFile(path: ObjectPath): Promise<Blob> {
    const response = await this.get(this.object(path), 'multipart/related; type="application/dicom"; transfer-syntax=*');
    const [part] = readMultipart(response.headers.get('content-type') ?? '', new Uint8Array(await response.arrayBuffer()));
    if (!part) throw new ServerError(response.status, t('The archive sent no object'));
    return new Blob([part.body], { type: 'application/dicom' });
  }

  async system(signal?: AbortSignal): Promise<SystemInfo> {
    const response = await this.get(`${this.api}/system`, 'application/json', signal);
    return (await response.json()) as SystemInfo;
  }

  /** How many studies the archive holds. */
  async countStudies(signal?: AbortSignal): Promise<number> {
    const response = await this.get(`${this.api}/statistics`, 'application/json', signal);
    return ((await response.json()) as { studies: number }).studies;
  }

  renderedUrl(path: ObjectPath): string {
    return `${this.object(path)}/rendered`;
  }

  instanceUrl(path: ObjectPath): string {
    return this.object(path);
  }

  private object({ study, series, instance }: ObjectPath): string {
    return `${this.root}/studies/${study}/series/${series}/instances/${instance}`;
  }

  private async json(url: string, signal?: AbortSignal): Promise<DataSet[]> {
    const response = await this.get(url, JSON_TYPE, signal);
    return response.status === 204 ? [] : ((await response.json()) as DataSet[]);
  }

  private get(url: string, accept: string, signal?: AbortSignal, etag = ''): Promise<Response> {
    return connection.fetch(url, { headers: { Accept: accept, ...(etag ? { 'If-None-Match': etag } : {}) }, ...(signal ? { signal } : {}) });
  }
}

function tellOfFrame({ bytes, remaining }: Arrived, transferSyntaxUID: string, arriving: Arriving): void {
  const begin = firstBody(bytes);
  if (begin !== undefined) arriving({ transferSyntaxUID, bytes: bytes.subarray(begin) }, remaining);
}
