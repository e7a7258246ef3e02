// A few decoding workers, the least busy one gets the next frame, and its bytes for good. Owns the workers: dispose ends them.

import { t } from '../../core/language';
import type { DecodedFrame, DecodeJob, PackedFrame } from './decode';
import type { DecodeAnswer, DecodeRequest } from './worker';

export class DecodeError extends Error {
  constructor(
    message: string,
    readonly unsupported: boolean,
  ) {
    super(message);
    this.name = 'DecodeError';
  }
}

interface Waiting {
  resolve(frame: DecodedFrame | PackedFrame): void;
  reject(error: DecodeError): void;
}

interface Member {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

export class DecodePool {
  private readonly members: Member[];
  private nextId = 1;

  constructor(size = Math.max(1, Math.min(4, Math.ceil((navigator.hardwareConcurrency || 2) / 2)))) {
    this.members = Array.from({ length: size }, () => this.member());
  }

  decode(job: DecodeJob): Promise<DecodedFrame> {
    return this.send(job, false) as Promise<DecodedFrame>;
  }

  /** Packed where it is worth it. */
  decodeAndPack(job: DecodeJob): Promise<DecodedFrame | PackedFrame> {
    return this.send(job, true);
  }

  dispose(): void {
    for (const { worker, waiting } of this.members) {
      worker.terminate();
      waiting.forEach(({ reject }) => reject(new DecodeError('Cancelled', false)));
      waiting.clear();
    }
  }

  private send(job: DecodeJob, packed: boolean): Promise<DecodedFrame | PackedFrame> {
    const member = this.members.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
    const id = this.nextId++;
    const bytes = job.bytes.byteLength === job.bytes.buffer.byteLength ? job.bytes : job.bytes.slice();
    const request: DecodeRequest = { ...job, id, bytes, packed };
    return new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject });
      member.worker.postMessage(request, [bytes.buffer]);
    });
  }

  private member(): Member {
    const waiting = new Map<number, Waiting>();
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      const entry = waiting.get(data.id);
      waiting.delete(data.id);
      if ('frame' in data) entry?.resolve(data.frame);
      else entry?.reject(new DecodeError(t(data.error, data.values), data.unsupported));
    };
    worker.onerror = (event) => {
      waiting.forEach(({ reject }) => reject(new DecodeError(event.message || t('The decoder failed'), false)));
      waiting.clear();
    };
    return { worker, waiting };
  }
}
