// From a segmentation, structure set or dose to the pictures it lies over.

import { useEffect } from 'react';
import { t } from '../../core/language';
import type { DisplaySet } from '../../core/stack';
import type { SeriesEntry, StudyState } from '../../viewport/study-loader';
import type { ViewerEngine } from './viewer-engine';

type Open = (series: SeriesEntry, set: DisplaySet | undefined) => void;

const LYING_OVER: ReadonlySet<string> = new Set(['SEG', 'RTSTRUCT', 'RTDOSE']);

/** Fetches the code for them as soon as a study has any. */
export function useStructures({ structures }: ViewerEngine, { series }: StudyState): void {
  const any = series.some(({ modality }) => LYING_OVER.has(modality));
  useEffect(() => {
    if (any) void structures.want();
  }, [any, structures]);
}

/** Shows an object over its series, in the active pane; returns why it cannot, else "". */
export async function showOver({ structures, loader, workspace }: ViewerEngine, set: DisplaySet, open: Open): Promise<string> {
  const session = await structures.want();
  const object = session.objectOf(set);
  const under = object && session.under(object);
  const series = loader.state().series.find(({ SeriesInstanceUID }) => SeriesInstanceUID === under?.SeriesInstanceUID);
  if (!object || !under || !series) return t('No open study has the images that this lies over');
  const shown = workspace.state().cells.some(({ controller }) => controller.state().set?.id === under.id || controller.state().set?.plane);
  await session.show(object.id);
  const now = session.objectOf(set);
  if (now?.status === 'refused') return t('{title} cannot be shown: {reason}', { title: now.title, reason: now.reason });
  if (!shown || workspace.active.state().set?.kind === 'document' || workspace.active.state().set?.id === set.id) open(series, under);
  const first = now?.structures.find(({ middle, visible }) => middle && visible);
  if (first && now) session.jump(first, now);
  return '';
}
