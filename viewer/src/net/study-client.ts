// What is done with whole studies from the list: sent to a known node, saved as a disc, deleted and put back.

import { connection } from './connection';
import { API, DICOM_WEB } from './site';

export interface SendProgress {
  sent: number;
  failed: number;
  remaining: number;
  reason: string;
}

interface Deletion {
  id: number;
  StudyInstanceUID: string;
}

export class StudyClient {
  async peers(signal: AbortSignal): Promise<string[]> {
    const response = await connection.fetch(`${API}/peers`, { signal });
    return ((await response.json()) as { aet: string }[]).map(({ aet }) => aet);
  }

  /** How many days what is deleted stays in the bin; 0: it is gone at once. */
  async binDays(signal: AbortSignal): Promise<number> {
    const response = await connection.fetch(`${API}/system`, { signal });
    const { settings } = (await response.json()) as { settings: { name: string; value: unknown }[] };
    return Number(settings.find(({ name }) => name === 'bin_days')?.value ?? 0);
  }

  /** Sends a study; tells how far it is with each object. */
  async send(study: string, peer: string, tell: (progress: SendProgress) => void, signal: AbortSignal): Promise<void> {
    const response = await connection.fetch(`${API}/studies/${study}/send`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ peer }), signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const read = await reader?.read();
      if (!read || read.done) return;
      const lines = (rest + read.value).split('\n');
      rest = lines.pop() ?? '';
      const last = lines.at(-1);
      if (last) tell(JSON.parse(last) as SendProgress);
    }
  }

  async remove(study: string): Promise<void> {
    await connection.fetch(`${API}/studies/${study}?confirm=${study}`, { method: 'DELETE' });
  }

  /** Puts back what was deleted last of a study. */
  async restore(study: string): Promise<void> {
    const response = await connection.fetch(`${API}/bin`, {});
    const deletion = ((await response.json()) as Deletion[]).findLast(({ StudyInstanceUID }) => StudyInstanceUID === study);
    if (deletion) await connection.fetch(`${API}/bin/${deletion.id}/restore`, { method: 'POST' });
  }

  /** A ZIP with a DICOMDIR. */
  zipUrl(study: string): string {
    return `${DICOM_WEB}/studies/${study}?accept=application/zip&dicomdir=true`;
  }
}
