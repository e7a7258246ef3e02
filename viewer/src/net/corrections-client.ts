// Corrections of what a study says of its patient and of itself; each can be put back while the archive keeps what was before.

import { connection } from './connection';
import { API } from './site';

export interface Correction {
  id: number;
  time: string;
  who: string;
  reason: string;
  changes: Record<string, { before: string; after: string }>;
  /** The correction that this one put back, or 0. */
  undone: number;
  reversible: boolean;
}

export interface StudyCorrections {
  version: number;
  values: Record<string, string>;
  corrections: Correction[];
}

const post = (url: string, body: unknown): Promise<Response> => connection.fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

export class CorrectionsClient {
  async read(study: string, signal?: AbortSignal): Promise<StudyCorrections> {
    const response = await connection.fetch(`${API}/studies/${study}/corrections`, signal ? { signal } : {});
    return (await response.json()) as StudyCorrections;
  }

  /** Corrects values in all objects; `version`: what was read. */
  async correct(study: string, values: Record<string, string>, reason: string, version: number): Promise<void> {
    await post(`${API}/studies/${study}/corrections`, { values, reason, version });
  }

  async putBack(study: string, id: number, reason: string, version: number): Promise<void> {
    await post(`${API}/studies/${study}/corrections/${id}/put-back`, { reason, version });
  }
}
