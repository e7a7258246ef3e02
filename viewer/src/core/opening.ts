// The document that opens a study (`/api/studies/{uid}/open`), made into the metadata it stands for. Pure.
// Of a series `shared` holds what is the same in all objects, `own` a column for each other element; the functional groups
// of an object's frames are such columns too, and only made into items when somebody asks for them.

import { text, type DataElement, type DataSet, type JsonValue } from './dicom-json';

interface PlainColumn {
  vr: string;
  values: (JsonValue[] | null)[];
}
interface ElementColumn {
  elements: (DataElement | null)[];
}
/** A sequence of one item in every object. */
interface ItemColumn {
  item: Columns;
}
type Column = PlainColumn | ElementColumn | ItemColumn;
/** Data sets side by side. */
export interface Columns {
  instances: number;
  shared: DataSet;
  own: Readonly<Record<string, Column>>;
}
export interface SeriesOpening extends Columns {
  etag: string;
}
export interface StudyOpening {
  StudyInstanceUID: string;
  series: SeriesOpening[];
}

const OWN_ADDRESS = '~/';

function elementAt(column: Column, index: number): DataElement | undefined {
  if ('item' in column) return { vr: 'SQ', Value: [itemAt(column.item, index)] };
  if ('elements' in column) return column.elements[index] ?? undefined;
  const Value = column.values[index];
  if (!Value) return undefined;
  return Value.length > 0 ? { vr: column.vr, Value } : { vr: column.vr };
}

/** One object's data set; what all share is not copied deeply. */
function headerAt({ shared, own }: Columns, columns: readonly string[], index: number): DataSet {
  const header: DataSet = { ...shared };
  for (const tag of columns) {
    const element = elementAt(own[tag] as Column, index);
    if (element) header[tag] = element;
  }
  return header;
}

const itemAt = (columns: Columns, index: number): DataSet => headerAt(columns, Object.keys(columns.own), index);

/** A sequence whose items are made when they are asked for. */
function packed(items: Columns, base: string): DataElement {
  let made: DataSet[] | undefined;
  return {
    vr: 'SQ',
    items,
    get Value() {
      const tags = Object.keys(items.own);
      made ??= Array.from({ length: items.instances }, (_, index) => withAddresses(headerAt(items, tags, index), base));
      return made;
    },
  };
}

/** Reads an attribute of a group in every item of a sequence: item number, from 0, to its values. */
export function inItems(sequence: DataElement | undefined, group: string, tag: string): (index: number) => readonly JsonValue[] | undefined {
  const inItem = (item: DataSet | undefined): readonly JsonValue[] | undefined => item?.[tag]?.Value;
  const first = (element: DataElement | undefined): DataSet | undefined => element?.Value?.[0] as DataSet | undefined;
  const { items } = sequence ?? {};
  if (!items) return (index) => inItem(first((sequence?.Value?.[index] as DataSet | undefined)?.[group]));
  const column = items.own[group];
  if (!column) {
    const same = inItem(first(items.shared[group]));
    return () => same;
  }
  if (!('item' in column)) return (index) => inItem(first(elementAt(column, index)));
  const own = column.item.own[tag];
  const same = column.item.shared[tag]?.Value;
  return own ? (index) => elementAt(own, index)?.Value : () => same;
}

const isNested = (value: JsonValue): value is DataSet => typeof value === 'object' && value !== null && !('Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value);

/** The element with the full addresses of its bulk data; the same element where it has none. */
function addressed(element: DataElement, base: string): DataElement {
  if (element.BulkDataURI?.startsWith(OWN_ADDRESS)) return { ...element, BulkDataURI: base + element.BulkDataURI.slice(OWN_ADDRESS.length) };
  if (element.items) return packed(element.items, base);
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
export const seriesHead = (opening: SeriesOpening): DataSet => itemAt(opening, 0);
