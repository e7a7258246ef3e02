// The series that lie over others in the open viewer: one overlay each, whichever panes show it; and which layer is windowed.

import { Signal } from '../../core/lifecycle';
import type { DisplaySet } from '../../core/stack';
import { volumeOf } from '../../core/volume';
import { WaitingWorker } from '../mpr/waiting-worker';
import type { PictureStore } from '../picture-store';
import type { Previews } from '../previews';
import type { Workspace } from '../workspace';
import { Overlay } from './overlay';

export type Layer = 'base' | 'overlay';

export class FusionSession {
  readonly changed = new Signal();
  private layer: Layer = 'base';
  private readonly overlays = new Map<string, Overlay>();

  constructor(
    private readonly workspace: Workspace,
    private readonly store: PictureStore,
    private readonly previews: Previews,
  ) {}

  /** Which of the two a drag on the picture windows. */
  readonly state = (): Layer => this.layer;

  /** What lies over a set; made when it is first asked for. */
  of(set: DisplaySet | undefined): Overlay | undefined {
    const overlay = set?.fusion?.overlay;
    return overlay && (this.overlays.get(overlay.id) ?? this.open(overlay));
  }

  toggleLayer(): void {
    this.layer = this.layer === 'base' ? 'overlay' : 'base';
    this.changed.emit();
  }

  /** A drag on a pane; false where it is for the picture below. */
  dragWindow(set: DisplaySet | undefined, dx: number, dy: number, paneHeight: number, other: boolean): boolean {
    const overlay = this.of(set);
    if (!overlay || (this.layer === 'overlay') === other) return false;
    overlay.dragWindow(dx, dy, paneHeight);
    return true;
  }

  dispose(): void {
    for (const overlay of this.overlays.values()) overlay.dispose();
    this.overlays.clear();
  }

  private open(set: DisplaySet): Overlay | undefined {
    this.forget();
    const answer = volumeOf(set);
    if ('reason' in answer) return undefined;
    const preview = this.previews.get(set, 'interaction');
    preview.catch(() => undefined);
    const made = new Overlay(set, answer.volume, this.store, new WaitingWorker().take(), preview);
    this.overlays.set(set.id, made);
    return made;
  }

  /** Lets go of volumes that no pane shows any more. */
  private forget(): void {
    const shown = new Set(this.workspace.state().cells.map(({ controller }) => controller.state().set?.fusion?.overlay.id));
    for (const [id, overlay] of this.overlays) {
      if (shown.has(id)) continue;
      overlay.dispose();
      this.overlays.delete(id);
    }
  }
}
