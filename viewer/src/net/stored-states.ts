// Has a view stored as a presentation state.

import { t } from '../core/language';
import type { SavedView } from '../core/saved-view';
import { ServerError, describe } from './dicomweb';

export async function storeView(study: string, view: SavedView, api = '/api'): Promise<void> {
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(view) };
  const response = await fetch(`${api}/studies/${study}/presentation-states`, request).catch(() => {
    throw new ServerError(0, t('The archive cannot be reached'));
  });
  if (!response.ok) throw new ServerError(response.status, await describe(response));
}
