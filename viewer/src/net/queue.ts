// The one queue through which every request for pixels and thumbnails goes: interaction before thumbnail before prefetch.
// A waiting task may be promoted, a waiting or running one cancelled; all that nobody waits for may be held back.

export type Kind = 'interaction' | 'thumbnail' | 'prefetch';

const ORDER: readonly Kind[] = ['interaction', 'thumbnail', 'prefetch'];
/** How many of a kind may run at once; browsers open six connections to a host. */
const LIMITS: Readonly<Record<Kind, number>> = { interaction: 6, thumbnail: 3, prefetch: 4 };
const TOTAL = 6;

export interface Ticket<T> {
  readonly result: Promise<T>;
  promote(kind: Kind): void;
  cancel(): void;
  /** Cancels if it has not begun; false if it has. */
  withdraw(): boolean;
}

interface Task {
  kind: Kind;
  controller: AbortController;
  running: boolean;
  begin(): Promise<void>;
  abandon(): void;
}

export class RequestQueue {
  private readonly tasks = new Set<Task>();
  private active = 0;
  private holds = 0;

  /** Runs `work` when its turn comes. `cancel` makes `result` reject with an AbortError. */
  add<T>(kind: Kind, work: (signal: AbortSignal) => Promise<T>): Ticket<T> {
    const controller = new AbortController();
    let settle: { resolve(value: T): void; reject(reason: unknown): void };
    const result = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const task: Task = {
      kind,
      controller,
      running: false,
      begin: () => work(controller.signal).then((value) => settle.resolve(value), (reason: unknown) => settle.reject(reason)),
      abandon: () => settle.reject(new DOMException('Cancelled', 'AbortError')),
    };
    this.tasks.add(task);
    this.pump();
    return {
      result,
      promote: (wanted) => {
        if (task.running || ORDER.indexOf(wanted) >= ORDER.indexOf(task.kind)) return;
        task.kind = wanted;
        this.tasks.delete(task);
        this.tasks.add(task);
        this.pump();
      },
      cancel: () => this.cancel(task),
      withdraw: () => {
        if (task.running || task.kind === 'interaction') return false;
        this.cancel(task);
        return true;
      },
    };
  }

  /** Begins nothing but interactions until what is returned is called. */
  hold(): () => void {
    let held = true;
    this.holds += 1;
    return () => {
      if (!held) return;
      held = false;
      this.holds -= 1;
      this.pump();
    };
  }

  private cancel(task: Task): void {
    if (!this.tasks.delete(task)) return;
    task.controller.abort();
    task.abandon();
  }

  private next(): Task | undefined {
    for (const kind of this.holds > 0 ? ORDER.slice(0, 1) : ORDER) {
      const ofKind = [...this.tasks].filter((task) => task.kind === kind);
      const running = ofKind.filter((task) => task.running).length;
      const waiting = ofKind.find((task) => !task.running);
      if (waiting && running < LIMITS[kind]) return waiting;
    }
    return undefined;
  }

  private pump(): void {
    for (let task = this.active < TOTAL ? this.next() : undefined; task; task = this.active < TOTAL ? this.next() : undefined) {
      const current = task;
      current.running = true;
      this.active += 1;
      void current.begin().finally(() => {
        this.active -= 1;
        this.tasks.delete(current);
        this.pump();
      });
    }
  }
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';
