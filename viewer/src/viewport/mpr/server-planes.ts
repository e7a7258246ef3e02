// Planes of a volume that the archive cuts, where this browser cannot hold it: real values, so that all else goes on as before.

import { t } from '../../core/language';
import { planeQuery, readPlane } from '../../core/server-plane';
import type { Cut, CutPixels } from '../../core/reslice';
import type { Picture } from '../../core/stack';
import type { DicomWebClient } from '../../net/dicomweb';
import type { RequestQueue, Ticket } from '../../net/queue';
import { PlaneStore } from './plane-store';

/** What planes are asked for with. */
export interface PlaneServer {
  client: DicomWebClient;
  queue: RequestQueue;
}

/** One for each plane on screen. */
const AT_ONCE = 3;

export class ServerPlanes extends PlaneStore {
  private readonly asked = new Set<Ticket<CutPixels>>();

  constructor(
    private readonly server: PlaneServer,
    private readonly pictures: readonly Picture[],
    cutOf: (id: string) => Cut | undefined,
  ) {
    super(cutOf, 'archive', AT_ONCE);
  }

  override dispose(): void {
    super.dispose();
    for (const ticket of this.asked) ticket.cancel();
  }

  protected async make(cut: Cut): Promise<CutPixels> {
    if (cut.strips) throw new Error(t('The archive draws these planes one by one: to straighten a path, the browser would have to hold the volume'));
    const { instance } = this.pictures[0] as Picture;
    const query = planeQuery(cut, instance.frames > 1 ? instance.SOPInstanceUID : '');
    const ticket = this.server.queue.add('interaction', async (signal) => {
      const { body, told } = await this.server.client.plane(instance.dataSet, query, signal);
      return readPlane(body, told, this.pictures.length);
    });
    this.asked.add(ticket);
    return ticket.result.finally(() => this.asked.delete(ticket));
  }
}
