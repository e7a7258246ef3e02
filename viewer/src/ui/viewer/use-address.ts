// Keeps the address the link of what is on screen: studies, also those opened beside, series, layout and what is in it.

import { useEffect } from 'react';
import type { PanesPlace, ViewerPlace } from '../../core/deep-link';
import type { DisplaySet } from '../../core/stack';
import type { PaneState } from '../../viewport/stack-controller';
import type { WorkspaceState } from '../../viewport/workspace';
import { noteAddress } from '../place';
import { PROJECTIONS } from '../../core/hanging/features';

/** What names a pane's content: the object where a display set is one of several of its series or a picture its own view. */
function nameOf({ set, index }: PaneState): string {
  if (!set) return '';
  const single = set.kind !== 'stack' || PROJECTIONS.has(set.modality);
  return single ? ((set.pictures[index]?.instance ?? set.instances[0])?.SOPInstanceUID ?? '') : set.SeriesInstanceUID;
}

function panesOf({ rows, columns, arrangement, cells }: WorkspaceState): PanesPlace | undefined {
  const states = cells.map(({ controller }) => controller.state());
  if (cells.length < 2 || arrangement !== 'grid' || states.some(({ set }) => set?.plane)) return undefined;
  return { rows, columns, panes: states.map(nameOf) };
}

export function useAddress(place: ViewerPlace, set: DisplaySet | undefined, workspace: WorkspaceState): void {
  const layout = panesOf(workspace);
  const shown = workspace.cells.map(({ controller }) => controller.state().set?.StudyInstanceUID ?? '').filter(Boolean);
  const studies = [...new Set([...place.studies, ...shown])];
  const key = JSON.stringify([studies, layout]);
  useEffect(() => {
    if (!set || set.plane) return;
    noteAddress({ page: 'viewer', studies, series: set.SeriesInstanceUID, instance: set.kind === 'stack' ? '' : (set.instances[0]?.SOPInstanceUID ?? ''), ...(layout ? { layout } : {}), ...(place.local ? { local: true } : {}) });
    // `key` says what studies and layout are.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [set, key]);
}
