// The address of a page: the list at /, a study at /viewer?StudyInstanceUIDs=…[&SeriesInstanceUID=…][&SOPInstanceUID=…].
// No patient data is ever part of it.

export interface ListPlace {
  page: 'list';
}
export interface ViewerPlace {
  page: 'viewer';
  studies: string[];
  series: string;
  instance: string;
}
export type Place = ListPlace | ViewerPlace;

const UID = /^[0-9.]{1,64}$/;

/** `query` as in location.search. Several studies may be given, comma separated or repeated. */
export function readPlace(path: string, query: string): Place {
  const pairs = query.replace(/^\?/, '').split('&').filter(Boolean).map((pair) => pair.split('=').map((part) => decodeURIComponent(part.replaceAll('+', ' '))));
  const values = (...names: string[]): string[] =>
    pairs.filter(([name]) => names.includes((name ?? '').toLowerCase())).flatMap(([, value]) => (value ?? '').split(',')).filter((value) => UID.test(value));
  const studies = values('studyinstanceuids', 'studyinstanceuid', 'studyuid');
  if (!/\/viewer\/?$/.test(path) || studies.length === 0) return { page: 'list' };
  return { page: 'viewer', studies, series: values('seriesinstanceuid', 'seriesinstanceuids')[0] ?? '', instance: values('sopinstanceuid')[0] ?? '' };
}

export function writePlace(place: Place): string {
  if (place.page === 'list') return '/';
  const parts = [`StudyInstanceUIDs=${place.studies.join(',')}`];
  if (place.series) parts.push(`SeriesInstanceUID=${place.series}`);
  if (place.instance) parts.push(`SOPInstanceUID=${place.instance}`);
  return `/viewer?${parts.join('&')}`;
}
