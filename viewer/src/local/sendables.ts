// Files for the archive, one after the other: what is no DICOM object is told with its reason, ZIPs are opened.

import { text } from '../core/dicom-json';
import { t } from '../core/language';
import type { Said, Sendable } from '../core/upload';
import { vrOf, type NamedFile } from './local-studies';
import { readObject } from './read-object';
import { isZip, readZip } from './zip';

export interface FileToSend extends Sendable {
  content: Blob;
}
export type Found = { kind: 'file'; file: FileToSend } | { kind: 'skipped'; said: Said } | { kind: 'opened'; holds: number };

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : t('It cannot be read'));

export async function* readSendables(files: readonly NamedFile[]): AsyncGenerator<Found> {
  for (const { path, open } of files) {
    try {
      const content = await open();
      if (await isZip(content)) {
        const packed = await readZip(content);
        yield { kind: 'opened', holds: packed.length };
        yield* readSendables(packed.map((one) => ({ path: `${path}/${one.path}`, open: () => one.open() })));
      } else {
        const { dataSet } = await readObject(content, 0, vrOf, ['SOPInstanceUID']);
        yield { kind: 'file', file: { path, content, SOPInstanceUID: text(dataSet, 'SOPInstanceUID') } };
      }
    } catch (error) {
      yield { kind: 'skipped', said: { path, reason: reasonOf(error) } };
    }
  }
}
