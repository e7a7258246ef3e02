// Reads and writes the drafts of a study's measurements, with the version that guards against overwriting (ETag, If-Match).

import type { Draft } from '../core/measure/draft';
import { ServerError, describe } from './dicomweb';

export class DraftClient {
  constructor(private readonly api = '/api') {}

  async read(study: string): Promise<{ version: string; drafts: Draft[] }> {
    const response = await this.ask(study, { headers: { Accept: 'application/json' } });
    return { version: response.headers.get('etag') ?? '', drafts: (await response.json()) as Draft[] };
  }

  /** Returns the new version; undefined where somebody else has written since `version`. `leaving`: the page closes. */
  async write(study: string, version: string, drafts: readonly Draft[], leaving = false): Promise<string | undefined> {
    const headers = { 'Content-Type': 'application/json', 'If-Match': version };
    const response = await this.ask(study, { method: 'PUT', headers, body: JSON.stringify(drafts), keepalive: leaving });
    return response.status === 412 ? undefined : (response.headers.get('etag') ?? '');
  }

  /** Stores what is kept of a study as a structured report. */
  async sign(study: string): Promise<void> {
    await this.ask(study, { method: 'POST' }, '/report');
  }

  private async ask(study: string, request: RequestInit, below = ''): Promise<Response> {
    const response = await fetch(`${this.api}/studies/${study}/measurements${below}`, request).catch(() => {
      throw new ServerError(0, 'The archive cannot be reached');
    });
    if (!response.ok && response.status !== 412) throw new ServerError(response.status, await describe(response));
    return response;
  }
}
