// Files on their way into the archive: read, sent in small requests, one after the other, and what became of each. What is lost on the
// way is sent again once the archive answers; the archive knows what it has, and only what it has answered is counted.

import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import { unsaved } from '../core/unsaved';
import { fits, outcomeOf, Rate, type Said } from '../core/upload';
import { fromList } from '../local/gather';
import type { NamedFile } from '../local/local-studies';
import type { FileToSend } from '../local/sendables';
import { connection } from '../net/connection';
import { ServerError, Unreachable } from '../net/server-error';
import { isAbort } from '../net/queue';
import { patient } from '../net/patient';
import { storeObjects } from '../net/stow';

export interface UploadState {
  phase: 'idle' | 'sending' | 'waiting' | 'done' | 'cancelled' | 'failed';
  /** Files there are, and those that are settled one way or the other. */
  files: number;
  settled: number;
  /** Objects that the archive has now. */
  stored: number;
  conflicts: readonly Said[];
  refused: readonly Said[];
  skipped: readonly Said[];
  /** Bytes sent, and how many a second. */
  bytes: number;
  rate: number;
  /** How much of the request on its way has gone, in files. */
  underway: number;
  /** Why it ended early. */
  message: string;
}

const NOTHING: UploadState = { phase: 'idle', files: 0, settled: 0, stored: 0, conflicts: [], refused: [], skipped: [], bytes: 0, rate: 0, underway: 0, message: '' };
/** Attempts at a request that alone gets no answer. */
const ATTEMPTS = 3;

const readCode = patient(() => import('../local/sendables'));

export class Uploads {
  readonly changed = new Signal();
  private current = NOTHING;
  private stored = new Set<string>();
  private rate = new Rate();
  private control = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private jobs = 0;

  constructor(private readonly store: typeof storeObjects = storeObjects) {
    unsaved.add(() => (this.busy ? t('Files are still on their way into the archive.') : ''));
  }

  readonly state = (): UploadState => this.current;

  get busy(): boolean {
    return this.jobs > 0;
  }

  /** Sends files, after those that are being sent. */
  add(files: Promise<NamedFile[]>): Promise<void> {
    if (!this.busy) this.begin();
    this.jobs += 1;
    const { signal } = this.control;
    const before = this.running;
    this.running = (async () => {
      const found = await files;
      this.update({ files: this.current.files + found.length });
      await before;
      await this.run(found, signal).catch((error: unknown) => this.fail(error));
      this.jobs -= 1;
      if (this.busy) return;
      window.removeEventListener('beforeunload', stay);
      if (this.current.phase !== 'failed' && this.current.phase !== 'cancelled') this.update({ phase: 'done', underway: 0 });
    })();
    return this.running;
  }

  /** Lets the user choose files, or a folder. */
  pick(folder: boolean): void {
    const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, webkitdirectory: folder });
    input.addEventListener('change', () => void this.add(Promise.resolve(fromList(input.files ?? []))));
    input.click();
  }

  cancel(): void {
    this.update({ phase: 'cancelled', underway: 0 });
    this.control.abort();
  }

  /** Shows no more of what has ended. */
  close(): void {
    if (this.busy) return;
    this.current = NOTHING;
    this.changed.emit();
  }

  private begin(): void {
    this.control = new AbortController();
    this.stored = new Set();
    this.rate = new Rate();
    this.current = { ...NOTHING, phase: 'sending' };
    window.addEventListener('beforeunload', stay);
    this.changed.emit();
  }

  private async run(files: readonly NamedFile[], signal: AbortSignal): Promise<void> {
    const { readSendables } = await readCode();
    let batch: FileToSend[] = [];
    let sending: Promise<void> = Promise.resolve();
    const send = async (): Promise<void> => {
      await sending;
      sending = this.send(batch, signal);
      sending.catch(() => undefined); // told by the next one that waits for it
      batch = [];
    };
    for await (const found of readSendables(files)) {
      signal.throwIfAborted();
      if (found.kind === 'opened') this.update({ files: this.current.files + found.holds - 1 });
      else if (found.kind === 'skipped') this.settle({ skipped: [...this.current.skipped, found.said] }, 1);
      else {
        if (!fits(batch, found.file)) await send();
        batch.push(found.file);
      }
    }
    if (batch.length > 0) await send();
    await sending;
  }

  private async send(batch: readonly FileToSend[], signal: AbortSignal): Promise<void> {
    const { answer, message } = await this.answered(batch, signal);
    const { stored, conflicts, refused, unknown } = outcomeOf(batch, answer);
    const again = stored.filter(({ SOPInstanceUID }) => this.stored.has(SOPInstanceUID));
    for (const { SOPInstanceUID } of [...stored, ...conflicts]) this.stored.add(SOPInstanceUID);
    const lost = batch.length === 1 ? unknown.map(({ path }) => ({ path, reason: message || t('The archive did not say what became of it') })) : [];
    this.settle(
      {
        stored: this.stored.size,
        conflicts: [...this.current.conflicts, ...conflicts.map(({ path }) => ({ path, reason: t('A different object with the same UID was there: both are kept') }))],
        refused: [...this.current.refused, ...refused, ...lost],
        skipped: [...this.current.skipped, ...again.map(({ path }) => ({ path, reason: t('The same object is there already') }))],
      },
      batch.length - (batch.length === 1 ? 0 : unknown.length),
    );
    if (batch.length > 1) for (const one of unknown) await this.send([one], signal);
  }

  /** The archive's answer, also where the way to it is lost in between. */
  private async answered(batch: readonly FileToSend[], signal: AbortSignal): ReturnType<typeof storeObjects> {
    const total = batch.reduce((sum, { content }) => sum + content.size, 0);
    const { bytes } = this.current;
    const told = (loaded: number): void => {
      const sent = Math.min(loaded, total);
      this.rate.note(performance.now(), bytes + sent);
      this.update({ bytes: bytes + sent, rate: this.rate.perSecond(), underway: total > 0 ? (batch.length * sent) / total : 0 });
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        told(0);
        const answer = await this.store(batch.map(({ content }) => content), signal, told);
        told(total);
        return answer;
      } catch (error) {
        if (error instanceof Unreachable) await this.wait(signal);
        else if (!(error instanceof ServerError) || error.status !== 0 || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  private async wait(signal: AbortSignal): Promise<void> {
    this.update({ phase: 'waiting', underway: 0 });
    await connection.back(signal);
    signal.throwIfAborted();
    this.rate = new Rate();
    this.update({ phase: 'sending' });
  }

  private fail(error: unknown): void {
    if (isAbort(error)) return;
    this.control.abort();
    this.update({ phase: 'failed', underway: 0, message: error instanceof Error ? error.message : String(error) });
  }

  private settle(change: Partial<UploadState>, count: number): void {
    this.update({ ...change, settled: this.current.settled + count, underway: 0 });
  }

  private update(change: Partial<UploadState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

/** The browser asks before it leaves the page. */
function stay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
