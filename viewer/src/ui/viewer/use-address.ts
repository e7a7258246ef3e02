// Keeps the address the link of what is on screen: studies, also those opened beside, series, layout and what is in it; and makes
// links that lead to one picture and its window.

import { useEffect } from 'react';
import type { PanesPlace, ViewerPlace } from '../../core/deep-link';
import { writePlace } from '../../core/deep-link';
import { t } from '../../core/language';
import { SITE } from '../../net/site';
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

const studiesOf = (place: ViewerPlace, { cells }: WorkspaceState): string[] => [...new Set([...place.studies, ...cells.map(({ controller }) => controller.state().set?.StudyInstanceUID ?? '').filter(Boolean)])];

/** Copies a link to the picture of a pane with its window; returns what to tell the user. */
export async function copyLink(place: ViewerPlace, { set, shown, grey }: PaneState, workspace: WorkspaceState): Promise<string> {
  if (place.local) return t('Local files have no link: they are on this computer only');
  const picture = set?.plane ? undefined : set?.pictures[shown];
  const layout = panesOf(workspace);
  const to: ViewerPlace = { page: 'viewer', studies: studiesOf(place, workspace), series: set?.SeriesInstanceUID ?? '', instance: picture?.instance.SOPInstanceUID ?? '', ...(picture && picture.frame > 1 ? { frame: picture.frame } : {}), ...(grey?.window ? { window: grey.window } : {}), ...(layout ? { layout } : {}) };
  const link = new URL(writePlace(to, SITE), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    return t('The browser does not let the link be copied: {link}', { link });
  }
  return t('The link is copied');
}

export function useAddress(place: ViewerPlace, set: DisplaySet | undefined, workspace: WorkspaceState): void {
  const layout = panesOf(workspace);
  const studies = studiesOf(place, workspace);
  const key = JSON.stringify([studies, layout]);
  useEffect(() => {
    if (!set || set.plane) return;
    noteAddress({ page: 'viewer', studies, series: set.SeriesInstanceUID, instance: set.kind === 'stack' ? '' : (set.instances[0]?.SOPInstanceUID ?? ''), ...(layout ? { layout } : {}), ...(place.local ? { local: true } : {}) });
    // `key` says what studies and layout are.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [set, key]);
}
