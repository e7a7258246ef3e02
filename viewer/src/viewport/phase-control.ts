// The time of what is on screen: the phase of the active series in every pane that shows it, or of the volume in three
// dimensions or the planes that take the panes' place; played in real time.

import { frameAt, steppedRate, type Timing } from '../core/cine';
import { Signal } from '../core/lifecycle';
import { timingOfPhases, type Phases } from '../core/phases';
import type { DisplaySet } from '../core/stack';
import type { PictureStore } from './picture-store';
import type { StackController } from './stack-controller';
import type { Workspace } from './workspace';

export interface PhaseState {
  playing: boolean;
  /** Phases a second; undefined: the file's own. */
  rate: number | undefined;
}

/** What takes the panes' place and has a time of its own. */
export interface PhaseSession {
  readonly source: DisplaySet;
  state(): { phase: number };
  setPhase(phase: number): void;
  /** Whether a phase can be shown at once; what is missing is fetched. */
  isReady(phase: number): boolean;
}

export class PhaseControl {
  readonly changed = new Signal();
  private current: PhaseState = { playing: false, rate: undefined };
  private animation = 0;

  constructor(
    private readonly workspace: Workspace,
    private readonly store: PictureStore,
    /** The uppermost first. */
    private readonly over: readonly { state(): PhaseSession | undefined }[],
  ) {}

  readonly state = (): PhaseState => this.current;

  /** The phases of the active series, and which is shown; undefined where it has none. */
  get shown(): { phases: Phases; phase: number } | undefined {
    const { session } = this;
    const set = session?.source ?? this.workspace.active.state().set;
    return set?.phases && { phases: set.phases, phase: session?.state().phase ?? set.phase ?? 0 };
  }

  private get session(): PhaseSession | undefined {
    for (const holder of this.over) {
      const session = holder.state();
      if (session) return session;
    }
    return undefined;
  }

  rateOf(phases: Phases): number {
    return this.current.rate ?? timingOfPhases(phases).rate;
  }

  goTo(phase: number): void {
    const { shown, session } = this;
    if (!shown || phase === shown.phase || phase < 0 || phase >= shown.phases.sets.length) return;
    if (session) session.setPhase(phase);
    else for (const controller of this.panes(shown.phases)) controller.setPhase(phase);
  }

  /** Round and round. */
  step(by: number): void {
    const { shown } = this;
    if (!shown) return;
    this.pause();
    const count = shown.phases.sets.length;
    this.goTo((((shown.phase + by) % count) + count) % count);
  }

  /** Plays or stops; false where there are no phases to play. */
  toggle(): boolean {
    const { shown } = this;
    if (!shown) return false;
    if (this.current.playing) this.pause();
    else this.play(shown.phases, shown.phase);
    return true;
  }

  pause(): void {
    cancelAnimationFrame(this.animation);
    if (this.current.playing) this.update({ playing: false });
  }

  /** False where there are no phases. */
  changeRate(direction: 1 | -1): boolean {
    const { shown } = this;
    if (!shown) return false;
    this.update({ rate: steppedRate(this.rateOf(shown.phases), direction) });
    return true;
  }

  dispose(): void {
    cancelAnimationFrame(this.animation);
  }

  private play(phases: Phases, from: number): void {
    this.update({ playing: true });
    const timing: Timing = timingOfPhases(phases);
    const started = { at: performance.now(), phase: from, rate: this.rateOf(phases) };
    const tick = (now: number): void => {
      const { shown } = this;
      if (!this.current.playing || shown?.phases !== phases) {
        this.pause();
        return;
      }
      const rate = this.rateOf(phases);
      if (started.rate !== rate) Object.assign(started, { at: now, phase: shown.phase, rate });
      const phase = frameAt(now - started.at, started.phase, timing, rate / timing.rate);
      if (phase !== shown.phase && this.isReady(phases, phase)) this.goTo(phase);
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
  }

  /** Whether every pane can show a phase at once; what cannot is fetched. */
  private isReady(phases: Phases, phase: number): boolean {
    const { session } = this;
    if (session) return session.isReady(phase);
    let ready = true;
    for (const controller of this.panes(phases)) {
      const set = phases.sets[phase] as DisplaySet;
      const picture = set.pictures[controller.state().index];
      if (!picture || this.store.has(picture.id)) continue;
      ready = false;
      if (!this.store.failure(picture.id)) this.store.load(set, picture, 'prefetch').catch(() => undefined);
    }
    return ready;
  }

  private panes(phases: Phases): StackController[] {
    return this.workspace.state().cells.map(({ controller }) => controller).filter((controller) => controller.state().set?.phases === phases);
  }

  private update(change: Partial<PhaseState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}
