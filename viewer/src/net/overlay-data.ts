// The bytes of overlay planes, from the metadata or from where it points to.

import { inlineBytes, type DataElement } from '../core/dicom-json';
import type { DicomWebClient } from './dicomweb';

const known = new WeakMap<DataElement, Promise<Uint8Array>>();

/** Overlay data of one plane. A plane that cannot be had reads as empty. */
export function overlayBytes(client: DicomWebClient, data: DataElement): Promise<Uint8Array> {
  const bytes = known.get(data) ?? read(client, data);
  known.set(data, bytes);
  return bytes;
}

async function read(client: DicomWebClient, data: DataElement): Promise<Uint8Array> {
  if (data.InlineBinary) return inlineBytes(data.InlineBinary);
  return data.BulkDataURI ? client.bulkData(data.BulkDataURI).catch(() => new Uint8Array()) : new Uint8Array();
}
