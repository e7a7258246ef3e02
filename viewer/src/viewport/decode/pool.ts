// A few decoding workers, the least busy one gets the next frame. Owns the workers: dispose ends them.

import { t } from '../../core/language';
import type { DecodedFrame, DecodeJob } from './decode';
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
  resolve(frame: DecodedFrame): void;
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
    const member = this.members.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
    const id = this.nextId++;
    const request: DecodeRequest = { id, ...job };
    return new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject });
      member.worker.postMessage(request);
    });
  }

  dispose(): void {
    for (const { worker, waiting } of this.members) {
      worker.terminate();
      waiting.forEach(({ reject }) => reject(new DecodeError('Cancelled', false)));
      waiting.clear();
    }
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
