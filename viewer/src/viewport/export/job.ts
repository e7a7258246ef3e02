// A file that takes its time: one at a time, how far it is, and the way to give it up.

import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';

export interface JobState {
  title: string;
  done: number;
  total: number;
}

export interface Job {
  signal: AbortSignal;
  progress(done: number, total: number): void;
}

export class ExportJob {
  readonly changed = new Signal();
  private current: JobState | undefined;
  private life: AbortController | undefined;

  readonly state = (): JobState | undefined => this.current;

  /** Makes the file; returns what to tell the user. */
  async run(title: string, make: (job: Job) => Promise<string>): Promise<string> {
    if (this.life) return t('Another file is still being made');
    const life = new AbortController();
    this.life = life;
    this.tell({ title, done: 0, total: 0 });
    try {
      const said = await make({
        signal: life.signal,
        progress: (done, total) => {
          if (!life.signal.aborted) this.tell({ title, done, total });
        },
      });
      return life.signal.aborted ? t('Given up: no file is saved') : said;
    } catch (error) {
      if (life.signal.aborted) return t('Given up: no file is saved');
      throw error;
    } finally {
      this.life = undefined;
      this.tell(undefined);
    }
  }

  /** False where nothing is being made. */
  cancel(): boolean {
    this.life?.abort();
    return this.life !== undefined;
  }

  private tell(state: JobState | undefined): void {
    this.current = state;
    this.changed.emit();
  }
}
