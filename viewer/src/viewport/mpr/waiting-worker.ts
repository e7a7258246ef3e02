// A reslicing worker that is started before it is wanted: fetching and starting one takes longer than a plane does.

export class WaitingWorker {
  private waiting: Worker | undefined;

  prepare(): void {
    this.waiting ??= start();
  }

  /** Gives the worker away; whoever takes it ends it. */
  take(): Worker {
    const worker = this.waiting ?? start();
    this.waiting = undefined;
    return worker;
  }

  dispose(): void {
    this.waiting?.terminate();
    this.waiting = undefined;
  }
}

const start = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
