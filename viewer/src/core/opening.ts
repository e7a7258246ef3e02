// The document that opens a study (`/api/studies/{uid}/open`), made into the metadata it stands for. Pure.
// Of a series `shared` holds what is the same in all objects, `own` a column for each other element.

import { text, type DataElement, type DataSet, type JsonValue } from './dicom-json';

interface PlainColumn {
  vr: string;
  values: (JsonValue[] | null)[];
}
interface ElementColumn {
  elements: (DataElement | null)[];
}
export interface SeriesOpening {
  etag: string;
  instances: number;
  shared: DataSet;
  own: Readonly<Record<string, PlainColumn | ElementColumn>>;
}
export interface StudyOpening {
  StudyInstanceUID: string;
  series: SeriesOpening[];
}

const OWN_ADDRESS = '~/';

function elementAt(column: PlainColumn | ElementColumn, index: number): DataElement | undefined {
  if ('elements' in column) return column.elements[index] ?? undefined;
  const Value = column.values[index];
  if (!Value) return undefined;
  return Value.length > 0 ? { vr: column.vr, Value } : { vr: column.vr };
}

/** One object's data set; what all share is not copied deeply. */
function headerAt({ shared, own }: SeriesOpening, columns: readonly string[], index: number): DataSet {
  const header: DataSet = { ...shared };
  for (const tag of columns) {
    const element = elementAt(own[tag] as PlainColumn, index);
    if (element) header[tag] = element;
  }
  return header;
}

const isNested = (value: JsonValue): value is DataSet => typeof value === 'object' && value !== null && !('Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value);

/** The element with the full addresses of its bulk data; the same element where it has none. */
function addressed(element: DataElement, base: string): DataElement {
  if (element.BulkDataURI?.startsWith(OWN_ADDRESS)) return { ...element, BulkDataURI: base + element.BulkDataURI.slice(OWN_ADDRESS.length) };
  if (element.vr !== 'SQ' || !element.Value) return element;
  const Value = element.Value.map((item) => (isNested(item) ? withAddresses(item, base) : item));
  return Value.some((item, index) => item !== element.Value?.[index]) ? { ...element, Value } : element;
}

function withAddresses(dataSet: DataSet, base: string): DataSet {
  let out = dataSet;
  for (const [tag, element] of Object.entries(dataSet)) {
    if (!element || (!element.BulkDataURI && element.vr !== 'SQ')) continue;
    const whole = addressed(element, base);
    if (whole !== element) out = { ...out, [tag]: whole };
  }
  return out;
}

/** The metadata of a series, in the order of the document; `root` is where DICOMweb is. */
export function seriesMetadata(opening: SeriesOpening, root = '/dicom-web'): DataSet[] {
  const columns = Object.keys(opening.own);
  return Array.from({ length: opening.instances }, (_, index) => {
    const header = headerAt(opening, columns, index);
    const [study, series, instance] = [text(header, 'StudyInstanceUID'), text(header, 'SeriesInstanceUID'), text(header, 'SOPInstanceUID')];
    return withAddresses(header, `${root}/studies/${study}/series/${series}/instances/${instance}/bulkdata/`);
  });
}

/** What a series says of itself: what all its objects share, and where they differ what the first one has. */
export const seriesHead = (opening: SeriesOpening): DataSet => headerAt(opening, Object.keys(opening.own), 0);
