// Reads, writes and deletes the hanging protocols that the archive keeps.

import type { Protocol } from '../core/hanging/protocol';
import { connection } from './connection';
import { API } from './site';

export class HangingClient {
  constructor(private readonly api = API) {}

  async read(): Promise<Protocol[]> {
    const response = await this.ask('', { headers: { Accept: 'application/json' } });
    const found = (await response.json()) as Protocol[];
    return found.map((protocol) => ({ ...protocol, saved: true }));
  }

  async write({ id, name, modality, bodyPart = '', stages }: Protocol): Promise<void> {
    await this.ask(`/${id}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, modality, bodyPart, stages }) });
  }

  async remove(id: string): Promise<void> {
    await this.ask(`/${id}`, { method: 'DELETE' });
  }

  private ask(below: string, request: RequestInit): Promise<Response> {
    return connection.fetch(`${this.api}/hanging-protocols${below}`, request);
  }
}
