// The address of a page: the list at /[?orderby=PatientName][&date=today][&modality=CT][&institution=…][&status=report],
// a study at /viewer?StudyInstanceUIDs=…[&SeriesInstanceUID=…][&SOPInstanceUID=…]; with
// several panes also &Layout=2x3&Panes=…, a series or object each, nothing for an empty pane. A link to one picture has &Frame=… and
// &Window=center,width,function. No patient data is ever part of it.
// What other systems ask for (core/invocation.ts) is at /viewer?requestType=… or /IHEInvokeImageDisplay?requestType=….
// Local files are at /#viewer?… instead: browsers send nothing behind a # to the server.

import { ALL, filterParameters, readFilter, type StudyFilter } from './study-filter';
import { orderOf, sortOf, type Sort } from './study-row';
import type { Window } from './window';

export interface ListPlace {
  page: 'list';
  /** Other than the newest first. */
  sort?: Sort;
  /** Other than all studies. */
  filter?: StudyFilter;
}
export interface PanesPlace {
  rows: number;
  columns: number;
  /** UIDs of series or objects. */
  panes: string[];
}
export interface ViewerPlace {
  page: 'viewer';
  studies: string[];
  series: string;
  instance: string;
  /** Of `instance`, from 1. */
  frame?: number;
  window?: Window;
  layout?: PanesPlace;
  /** The studies are files of this page, not of the archive. */
  local?: boolean;
}
/** Another system asks for a patient or a study; what it asks for stands in the address. */
export interface InvokedPlace {
  page: 'invoked';
}
export type Place = ListPlace | ViewerPlace | InvokedPlace;

const UID = /^[0-9.]{1,64}$/;
const LAYOUT = /^([1-4])x([1-5])$/;

const FUNCTIONS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const satisfies readonly Window['function'][];

const LOCAL = '#viewer?';
const INVOKED = /\/(viewer|IHEInvokeImageDisplay)\/?$/;

/** `query` as in location.search, `hash` as in location.hash. Several studies may be given, comma separated or repeated. */
export function readPlace(path: string, query: string, hash = ''): Place {
  if (!hash.startsWith(LOCAL)) return readQuery(path, query);
  const place = readQuery('/viewer', hash.slice(LOCAL.length));
  return place.page === 'viewer' ? { ...place, local: true } : place;
}

function readQuery(path: string, query: string): Place {
  const pairs = query.replace(/^\?/, '').split('&').filter(Boolean).map((pair) => pair.split('=').map((part) => decodeURIComponent(part.replaceAll('+', ' '))));
  const all = (...names: string[]): string[] => pairs.filter(([name]) => names.includes((name ?? '').toLowerCase())).flatMap(([, value]) => (value ?? '').split(','));
  const values = (...names: string[]): string[] => all(...names).filter((value) => UID.test(value));
  if (INVOKED.test(path) && all('requesttype').length > 0) return { page: 'invoked' };
  const studies = values('studyinstanceuids', 'studyinstanceuid', 'studyuid');
  if (!/\/viewer\/?$/.test(path) || studies.length === 0) {
    const sort = sortOf(all('orderby').join(','));
    const filter = readFilter((name) => all(name).join(','));
    return { page: 'list', ...(sort && orderOf(sort) ? { sort } : {}), ...(filter ? { filter } : {}) };
  }
  const layout = readLayout(all('layout')[0] ?? '', all('panes'));
  return { page: 'viewer', studies, series: values('seriesinstanceuid', 'seriesinstanceuids')[0] ?? '', instance: values('sopinstanceuid')[0] ?? '', ...readPicture(values('sopinstanceuid').length > 0 ? Number(all('frame')[0]) : 0, all('window')), ...(layout ? { layout } : {}) };
}

function readPicture(frame: number, [first = '', second = '', kind]: readonly string[]): Pick<ViewerPlace, 'frame' | 'window'> {
  const [center, width] = [first, second].map((part) => (part === '' ? NaN : Number(part))) as [number, number];
  const windowed = Number.isFinite(center) && Number.isFinite(width) && width > 0;
  const voi = FUNCTIONS.find((one) => one === kind) ?? 'LINEAR';
  return { ...(Number.isInteger(frame) && frame > 0 ? { frame } : {}), ...(windowed ? { window: { center, width, function: voi } } : {}) };
}

function readLayout(text: string, uids: readonly string[]): PanesPlace | undefined {
  const found = LAYOUT.exec(text);
  if (!found) return undefined;
  const [rows, columns] = [Number(found[1]), Number(found[2])];
  return { rows, columns, panes: Array.from({ length: rows * columns }, (_, index) => (UID.test(uids[index] ?? '') ? (uids[index] as string) : '')) };
}

/** `site` is the path that stands before all, "" at the top of a host. */
export function writePlace(place: Exclude<Place, InvokedPlace>, site = ''): string {
  if (place.page === 'list') {
    const order = place.sort ? orderOf(place.sort) : '';
    const parts = [...(order ? [`orderby=${order}`] : []), ...filterParameters(place.filter ?? ALL)];
    return `${site}/${parts.length > 0 ? `?${parts.join('&')}` : ''}`;
  }
  const { studies, series, instance, frame, window, layout, local } = place;
  const parts = [`StudyInstanceUIDs=${studies.join(',')}`];
  if (series) parts.push(`SeriesInstanceUID=${series}`);
  if (instance) parts.push(`SOPInstanceUID=${instance}`);
  if (frame) parts.push(`Frame=${frame}`);
  if (window) parts.push(`Window=${window.center},${window.width},${window.function}`);
  if (layout) parts.push(`Layout=${layout.rows}x${layout.columns}`, `Panes=${layout.panes.join(',')}`);
  return `${site}/${local ? LOCAL : 'viewer?'}${parts.join('&')}`;
}
