// Code of the viewer that is fetched when it is first wanted: while the archive does not answer it comes later, and nothing breaks. Where
// the archive has a newer viewer it will not come: what wants it waits for the page to be loaded anew, and the rest goes on.

import { connection } from './connection';
import { version } from './version';

const NEVER = new Promise<never>(() => undefined);
const FOR_EVER = new AbortController().signal;

/** What loads as `load` does, and waits for the archive where that is what is missing. */
export function patient<T>(load: () => Promise<T>): () => Promise<T> {
  return async () => {
    for (;;) {
      try {
        return await load();
      } catch (error) {
        if (await version.isNewer()) return NEVER;
        if (await connection.answers()) throw error;
        await connection.back(FOR_EVER);
      }
    }
  };
}
