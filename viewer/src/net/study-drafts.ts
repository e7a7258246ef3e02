// Reads and writes what is kept of a study (measurements, key images), with the version that guards against overwriting
// (ETag, If-Match), and has it stored as an object.

import { connection } from './connection';
import { API } from './site';

const OBJECTS = { measurements: '/report', 'key-images': '/selection' } as const;

export class DraftClient<T> {
  constructor(
    private readonly kind: 'measurements' | 'key-images',
    private readonly api = API,
  ) {}

  async read(study: string): Promise<{ version: string; drafts: T[] }> {
    const response = await this.ask(study, { headers: { Accept: 'application/json' } });
    return { version: response.headers.get('etag') ?? '', drafts: (await response.json()) as T[] };
  }

  /** Returns the new version; undefined where somebody else has written since `version`. `leaving`: the page closes. */
  async write(study: string, version: string, drafts: readonly T[], leaving = false): Promise<string | undefined> {
    const headers = { 'Content-Type': 'application/json', 'If-Match': version };
    const response = await this.ask(study, { method: 'PUT', headers, body: JSON.stringify(drafts), keepalive: leaving });
    return response.status === 412 ? undefined : (response.headers.get('etag') ?? '');
  }

  /** Stores what is kept of a study as an object; it is a draft no longer. */
  async store(study: string): Promise<void> {
    await this.ask(study, { method: 'POST' }, OBJECTS[this.kind]);
  }

  private ask(study: string, request: RequestInit, below = ''): Promise<Response> {
    return connection.fetch(`${this.api}/studies/${study}/${this.kind}${below}`, request, [412]);
  }
}
