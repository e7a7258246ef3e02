// Which series is meant by what is on screen.

import type { DisplaySet } from '../../core/stack';
import type { ViewerEngine } from './viewer-engine';

/** The series of the volume that is open, in its phase, else that of the active pane. */
export function shownSet({ volume3d, mpr, workspace }: Pick<ViewerEngine, 'volume3d' | 'mpr' | 'workspace'>): DisplaySet | undefined {
  const session = volume3d.state() ?? mpr.state();
  const set = session?.source ?? workspace.active.state().set;
  const inPhase = session ? set?.phases?.sets[session.state().phase] : undefined;
  return inPhase ?? set;
}
