// The study that follows or precedes the open one: in the list as it was left, else in the archive's own order, newest first.

import { text } from '../core/dicom-json';
import type { ViewerPlace } from '../core/deep-link';
import { t } from '../core/language';
import type { DicomWebClient } from '../net/dicomweb';
import { navigate } from './place';

const MOST = 200;
let listed: readonly string[] = [];

/** Takes note of the studies of the list, in its order. */
export function noteListed(studies: readonly string[]): void {
  listed = studies;
}

/** Opens the study after or before the first of a place; returns why it cannot, else "". */
export async function openNeighbour(client: Pick<DicomWebClient, 'searchStudies'>, { studies: [open = ''], local }: ViewerPlace, by: 1 | -1): Promise<string> {
  const known = listed.includes(open) && !local;
  const all = known ? listed : (await client.searchStudies({}, MOST, 0).catch(() => [])).map((row) => text(row, 'StudyInstanceUID'));
  const at = all.indexOf(open);
  const next = at < 0 ? undefined : all[at + by];
  if (!next) return by > 0 ? t('There is no study after this one') : t('There is no study before this one');
  navigate({ page: 'viewer', studies: [next], series: '', instance: '', ...(local ? { local } : {}) });
  return '';
}
