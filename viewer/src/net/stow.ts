// Storing over the web (STOW-RS, PS3.18 10.5): one request of several files, sent from where they lie, with progress.

import type { DataSet } from '../core/dicom-json';
import { connection } from './connection';
import { describe, ServerError } from './server-error';
import { DICOM_WEB } from './site';

/** Answers that may tell of each file; others are about the request. */
const TOLD = [409, 415, 507] as const;
/** The request itself was not taken: each file alone may be. */
const UNTAKEN = [400, 413] as const;

export interface StowAnswer {
  answer: DataSet;
  /** Why the request as a whole was refused, where that is not told of each file. */
  message: string;
}

function asked(url: string, request: RequestInit, onProgress: (bytes: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const { signal } = request;
    const stop = (): void => sending.abort();
    const end = (): void => signal?.removeEventListener('abort', stop);
    sending.open(request.method ?? 'POST', url);
    for (const [name, value] of Object.entries(request.headers as Record<string, string>)) sending.setRequestHeader(name, value);
    sending.upload.onprogress = ({ loaded }) => onProgress(loaded);
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    sending.onerror = () => fail(new TypeError());
    sending.onabort = () => fail(new DOMException('Cancelled', 'AbortError'));
    sending.onload = () => {
      end();
      resolve(new Response(sending.responseText, { status: sending.status, headers: { 'content-type': sending.getResponseHeader('content-type') ?? '' } }));
    };
    signal?.addEventListener('abort', stop);
    sending.send(request.body as Blob);
  });
}

/** The files as one body; the browser reads them when they are sent. */
export function bodyOf(contents: readonly Blob[], boundary: string): Blob {
  const head = `--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`;
  return new Blob([...contents.flatMap((content) => [head, content, '\r\n']), `--${boundary}--\r\n`]);
}

export async function storeObjects(contents: readonly Blob[], signal: AbortSignal, onProgress: (bytes: number) => void): Promise<StowAnswer> {
  signal.throwIfAborted();
  const boundary = `isocenter-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  const request = {
    method: 'POST',
    signal,
    headers: { Accept: 'application/dicom+json', 'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}` },
    body: bodyOf(contents, boundary),
  };
  const response = await connection.fetch(`${DICOM_WEB}/studies`, request, [...TOLD, ...UNTAKEN], (url, init) => asked(url, init, onProgress));
  const told = (response.headers.get('content-type') ?? '').includes('dicom+json');
  if (told) return { answer: (await response.json()) as DataSet, message: '' };
  const message = await describe(response);
  if ((UNTAKEN as readonly number[]).includes(response.status)) return { answer: {}, message };
  throw new ServerError(response.status, message);
}
