// Small volumes of the series that were opened, fetched once the first picture is there, for when planes are asked for.

import { readPreview, type Preview } from '../core/preview';
import type { DisplaySet } from '../core/stack';
import type { DicomWebClient } from '../net/dicomweb';
import type { Kind, RequestQueue, Ticket } from '../net/queue';

const KEPT = 8;
/** Sets with fewer pictures are no volume worth a preview. */
const FEWEST = 8;

export class Previews {
  private readonly known = new Map<string, Ticket<Preview | undefined>>();

  constructor(
    private readonly client: DicomWebClient,
    private readonly queue: RequestQueue,
  ) {}

  /** The preview of the series of a set. */
  get({ StudyInstanceUID, SeriesInstanceUID, pictures }: DisplaySet, kind: Kind): Promise<Preview | undefined> {
    const before = this.known.get(SeriesInstanceUID);
    before?.promote(kind);
    if (before) return before.result;
    if (pictures.length < FEWEST) return Promise.resolve(undefined);
    const coming = this.queue.add(kind, async (signal) => {
      const body = await this.client.preview(StudyInstanceUID, SeriesInstanceUID, signal);
      return body && readPreview(body);
    });
    this.known.set(SeriesInstanceUID, coming);
    coming.result.catch(() => this.known.delete(SeriesInstanceUID));
    const oldest = this.known.size > KEPT ? this.known.keys().next().value : undefined;
    if (oldest !== undefined) this.known.delete(oldest);
    return coming.result;
  }
}
