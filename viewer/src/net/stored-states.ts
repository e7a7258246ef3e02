// Has a view stored as a presentation state.

import type { SavedView } from '../core/saved-view';
import { connection } from './connection';
import { API } from './site';

export async function storeView(study: string, view: SavedView, api = API): Promise<void> {
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(view) };
  await connection.fetch(`${api}/studies/${study}/presentation-states`, request);
}
