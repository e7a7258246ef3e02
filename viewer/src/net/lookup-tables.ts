// Modality and VOI LUT data that the metadata only points to (PS3.18 8.7.3.2), fetched and put in their place.

import { items, numbers, type DataElement, type DataSet } from '../core/dicom-json';
import { TAGS } from '../core/tags';
import { wordsOrBytes } from '../core/window';
import type { DicomWebClient } from './dicomweb';

const SEQUENCES = ['ModalityLUTSequence', 'VOILUTSequence', 'PresentationLUTSequence'] as const;
const underWay = new WeakMap<DataElement, Promise<void>>();

async function fill(client: DicomWebClient, item: DataSet, data: DataElement, uri: string): Promise<void> {
  const [count = 0, , bits = 16] = numbers(item, 'LUTDescriptor');
  const bytes = await client.bulkData(uri);
  data.Value = Array.from(wordsOrBytes(bytes, count || 65536, bits));
  delete data.BulkDataURI;
}

/** Returns whether a table came that was not there before. A table that cannot be had is left out. */
export async function loadTables(client: DicomWebClient, ...dataSets: DataSet[]): Promise<boolean> {
  const wanted = dataSets.flatMap((dataSet) => SEQUENCES.flatMap((sequence) => items(dataSet, sequence)));
  const loads = wanted.flatMap((item) => {
    const data = item[TAGS.LUTData];
    if (!data?.BulkDataURI) return [];
    const load = underWay.get(data) ?? fill(client, item, data, data.BulkDataURI);
    underWay.set(data, load);
    return [load.then(() => true, () => false)];
  });
  return (await Promise.all(loads)).some(Boolean);
}
