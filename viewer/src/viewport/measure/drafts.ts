// Keeps the measurements of the open studies in the archive: read when a study is shown, written soon after each change,
// again and again until it works. Says what is not saved.

import { t } from '../../core/language';
import { fromDraft, keptOf, merged, sameKept, studyOf, toDraft, type Draft, type Kept } from '../../core/measure/draft';
import type { Measurement } from '../../core/measure/types';
import { Signal } from '../../core/lifecycle';
import type { DraftClient } from '../../net/study-drafts';
import type { MeasureSession } from './session';

/** ms from a change until it is written, and between attempts: the longer it fails, the seldomer. */
const SOON = 300;
const SELDOMEST = 15_000;

/** What the archive has of a study; version "": not read yet. */
interface Known {
  version: string;
  kept: Kept;
}

interface Sessions {
  changed: Signal;
  state(): MeasureSession | undefined;
  want(): Promise<MeasureSession>;
}

export class Drafts {
  readonly changed = new Signal();
  private readonly known = new Map<string, Known>();
  private said = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = SOON;
  private busy = false;
  private gone = false;
  private listening = false;

  constructor(
    private readonly client: DraftClient<Draft>,
    private readonly sessions: Sessions,
  ) {}

  /** Why measurements are not saved; "" where all are. */
  readonly state = (): string => this.said;

  /** Reads what is kept of these studies and keeps what is measured from now on. */
  open(studies: readonly string[]): void {
    for (const study of studies) if (!this.known.has(study)) this.known.set(study, { version: '', kept: new Map() });
    if (!this.listening) {
      this.listening = true;
      window.addEventListener('pagehide', this.leave);
      this.sessions.changed.listen(() => this.follow());
      this.follow();
    }
    this.later(0);
  }

  /** Writes now what is still to be written; false where it could not be. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.synchronise();
    return this.said === '' && this.unsaved().length === 0;
  }

  /** Stores all measurements as structured reports, one for each study; returns what to tell the user. */
  async sign(): Promise<string> {
    if (!(await this.flush())) return this.said || t('Not everything is saved yet: try again');
    try {
      let signed = 0;
      for (const study of this.known.keys()) {
        if (!this.items(study).some(({ kind, values = [] }) => kind === 'arrow' || values.length > 0)) continue;
        await this.client.store(study);
        await this.read(study);
        signed += 1;
      }
      return signed === 0 ? t('There is no result to sign') : t('Stored as a structured report in a new series');
    } catch (error) {
      return error instanceof Error ? error.message : t('The archive did not sign them');
    }
  }

  dispose(): void {
    this.leave();
    this.gone = true;
    clearTimeout(this.timer);
    window.removeEventListener('pagehide', this.leave);
  }

  private follow(): void {
    this.sessions.state()?.changed.listen(() => {
      if (this.unsaved().length > 0) this.later(this.wait);
    });
  }

  private later(delay: number): void {
    if (this.gone) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.synchronise();
    }, delay);
  }

  private items(study: string): Measurement[] {
    return (this.sessions.state()?.state().items ?? []).filter((item) => studyOf(item) === study);
  }

  private unsaved(): string[] {
    return [...this.known].filter(([study, { kept }]) => !sameKept(kept, keptOf(this.items(study)))).map(([study]) => study);
  }

  private async synchronise(): Promise<void> {
    if (this.busy) {
      this.later(SOON);
      return;
    }
    this.busy = true;
    try {
      for (const [study, { version }] of this.known) if (version === '') await this.read(study);
      for (const study of this.unsaved()) await this.write(study);
      this.wait = SOON;
      this.say('');
    } catch (error) {
      this.wait = Math.min(SELDOMEST, this.wait * 2);
      const reason = error instanceof Error ? error.message : t('The archive refused them');
      if (this.unsaved().length > 0) this.say(t('Measurements are not saved: {reason}. Trying again.', { reason }));
      this.later(this.wait);
    } finally {
      this.busy = false;
    }
    if (this.unsaved().length > 0) this.later(this.wait);
  }

  private async read(study: string): Promise<void> {
    const { version, drafts } = await this.client.read(study);
    const theirs = drafts.map((draft) => fromDraft(draft, study));
    const { kept: base } = this.known.get(study) as Known;
    this.known.set(study, { version, kept: keptOf(theirs) });
    if (theirs.length === 0 && base.size === 0) return;
    const session = await this.sessions.want();
    session.rewrite((items) => [...items.filter((item) => studyOf(item) !== study), ...merged(base, theirs, items.filter((item) => studyOf(item) === study))]);
  }

  private async write(study: string): Promise<void> {
    const { version, kept } = this.known.get(study) as Known;
    const items = this.items(study);
    const written = await this.client.write(study, version, items.map(toDraft));
    if (written !== undefined) this.known.set(study, { version: written, kept: keptOf(items) });
    else {
      this.known.set(study, { version: '', kept });
      await this.read(study);
    }
  }

  /** The page closes: one last attempt that outlives it. */
  private readonly leave = (): void => {
    for (const study of this.unsaved()) {
      const { version } = this.known.get(study) as Known;
      if (version) void this.client.write(study, version, this.items(study).map(toDraft), true).catch(() => undefined);
    }
  };

  private say(now: string): void {
    if (now === this.said) return;
    this.said = now;
    this.changed.emit();
  }
}
