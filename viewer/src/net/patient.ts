// Code of the viewer that is fetched when it is first wanted: while the archive does not answer it comes later, and nothing breaks.

import { connection } from './connection';

const FOR_EVER = new AbortController().signal;

/** What loads as `load` does, and waits for the archive where that is what is missing. */
export function patient<T>(load: () => Promise<T>): () => Promise<T> {
  return async () => {
    for (;;) {
      try {
        return await load();
      } catch (error) {
        if (await connection.answers()) throw error;
        await connection.back(FOR_EVER);
      }
    }
  };
}
