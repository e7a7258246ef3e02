// Opening series: into the active pane, into the pane they are dropped on, into panes that a new layout has made.

import { useCallback } from 'react';
import type { DisplaySet } from '../../core/stack';
import type { SeriesEntry, StudyLoader } from '../../viewport/study-loader';
import type { PageState } from './use-commands';
import type { ViewerEngine } from './viewer-engine';

export const PHONE = '(max-width: 720px)';

interface Opening {
  open(series: SeriesEntry, set: DisplaySet | undefined, instance?: string): Promise<void>;
  drop(index: number, id: string): void;
  arrange(rows: number, columns: number): void;
  next(by: 1 | -1): void;
}

type Entry = [SeriesEntry, DisplaySet | undefined];

const entries = (loader: StudyLoader): Entry[] => loader.state().series.flatMap((series): Entry[] => (series.sets ? series.sets.map((set): Entry => [series, set]) : [[series, undefined]]));

export function useOpening({ workspace, loader, mpr, volume3d }: ViewerEngine, change: (make: (state: PageState) => Partial<PageState>) => void): Opening {
  const leave = useCallback(() => {
    volume3d.leave();
    mpr.leave();
  }, [mpr, volume3d]);
  const open = useCallback(
    async (series: SeriesEntry, set: DisplaySet | undefined, instance = '') => {
      leave();
      const { active } = workspace;
      const sets = set ? [set] : await loader.sets(series).catch(() => []);
      const chosen = sets.find((candidate) => instance && candidate.instances.some((i) => i.SOPInstanceUID === instance)) ?? sets[0];
      if (chosen) active.open(chosen, instance);
      if (matchMedia(PHONE).matches) change(() => ({ drawer: false }));
    },
    [loader, workspace, leave, change],
  );
  const drop = useCallback(
    (index: number, id: string) => {
      const target = entries(loader).find(([series, set]) => (set?.id ?? series.SeriesInstanceUID) === id);
      leave();
      workspace.activate(index);
      if (target) void open(...target);
    },
    [loader, workspace, leave, open],
  );
  const arrange = useCallback(
    (rows: number, columns: number) => {
      leave();
      workspace.arrange(rows, columns);
      void fill(workspace, loader);
    },
    [loader, workspace, leave],
  );
  const next = useCallback(
    (by: 1 | -1) => {
      const all = entries(loader);
      const target = all[all.findIndex(([, set]) => set?.id === workspace.active.state().set?.id) + by];
      if (target) void open(...target);
    },
    [loader, workspace, open],
  );
  return { open, drop, arrange, next };
}

/** Puts the series that are not on screen yet into the empty panes, in their order. */
async function fill(workspace: ViewerEngine['workspace'], loader: StudyLoader): Promise<void> {
  const { cells } = workspace.state();
  const shown = new Set(cells.map(({ controller }) => controller.state().set?.SeriesInstanceUID));
  const waiting = entries(loader).filter(([series, set]) => !shown.has(series.SeriesInstanceUID) && set?.kind !== 'document');
  for (const { controller } of cells) {
    if (controller.state().set) continue;
    const [series, set] = waiting.shift() ?? [];
    const chosen = set ?? (series && (await loader.sets(series).catch(() => []))[0]);
    if (chosen && !controller.state().set) controller.open(chosen);
  }
}
