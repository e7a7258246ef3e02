// Opening series: into the active pane, into the pane they are dropped on, into panes that a new layout has made.

import { useCallback } from 'react';
import type { PanesPlace, ViewerPlace } from '../../core/deep-link';
import type { DisplaySet } from '../../core/stack';
import type { StackController } from '../../viewport/stack-controller';
import type { SeriesEntry } from '../../viewport/study-loader';
import { applyState, stateTarget } from './references';
import type { PageState } from './use-commands';
import type { ViewerEngine } from './viewer-engine';

export const PHONE = '(max-width: 720px), (max-height: 500px)';

interface Opening {
  /** Reads the studies of an address and shows what it names, else what their hanging protocol says. */
  begin(place: ViewerPlace): Promise<void>;
  open(series: SeriesEntry, set: DisplaySet | undefined, instance?: string): void;
  drop(index: number, id: string): void;
  arrange(rows: number, columns: number): void;
  next(by: 1 | -1): void;
  first(): void;
  /** Shows one series over another in the active pane; without them, what goes best with the open one, or ends that. */
  fuse(pair?: readonly [base: DisplaySet, overlay: DisplaySet]): void;
}

/** The id of a series, whatever lies over it. */
export const ownId = (set: DisplaySet | undefined): string | undefined => set?.fusion?.base.id ?? set?.id;

type Entry = [SeriesEntry, DisplaySet | undefined];

const entries = ({ loader, keys }: Pick<ViewerEngine, 'loader' | 'keys'>): Entry[] => keys.seen(loader.state().series).flatMap((series): Entry[] => (series.sets ? series.sets.map((set): Entry => [series, set]) : [[series, undefined]]));

export function useOpening(engine: ViewerEngine, change: (make: (state: PageState) => Partial<PageState>) => void): Opening {
  const { workspace, loader, mpr, volume3d, hanging } = engine;
  const leave = useCallback(() => {
    volume3d.leave();
    mpr.leave();
  }, [mpr, volume3d]);
  const open = useCallback(
    (series: SeriesEntry, set: DisplaySet | undefined, instance = '') => {
      leave();
      const { active } = workspace;
      const sets = set ? [set] : loader.sets(series);
      const chosen = sets.find((candidate) => instance && candidate.instances.some((i) => i.SOPInstanceUID === instance)) ?? sets[0];
      const target = stateTarget(engine, chosen);
      if (target) {
        active.open(target.set);
        void applyState(engine, active, target.state);
      } else if (chosen) active.open(chosen, instance);
      if (matchMedia(PHONE).matches) change(() => ({ drawer: false }));
    },
    [engine, loader, workspace, leave, change],
  );
  const drop = useCallback(
    (index: number, id: string) => {
      const target = entries(engine).find(([series, set]) => (set?.id ?? series.SeriesInstanceUID) === id);
      leave();
      workspace.activate(index);
      if (target) open(...target);
    },
    [engine, workspace, leave, open],
  );
  const arrange = useCallback(
    (rows: number, columns: number) => {
      leave();
      hanging.leave();
      workspace.arrange(rows, columns);
      fill(engine);
    },
    [engine, workspace, hanging, leave],
  );
  const begin = useCallback(
    async ({ studies, series, instance, frame, window, layout }: ViewerPlace) => {
      hanging.prepare();
      await loader.load(studies, series);
      const first = loader.firstChoice(series);
      const hung = await hanging.start(studies, !series && !layout && !instance && !matchMedia(PHONE).matches);
      if (layout) restore(engine, layout, series, instance);
      else if (!hung && first && !workspace.active.state().set) open(first, undefined, instance);
      show(workspace.active, instance, frame, window);
    },
    [engine, loader, workspace, hanging, open],
  );
  const next = useCallback(
    (by: 1 | -1) => {
      const all = entries(engine);
      const target = all[all.findIndex(([, set]) => set?.id === ownId(workspace.active.state().set)) + by];
      if (target) open(...target);
    },
    [engine, workspace, open],
  );
  const first = useCallback(() => {
    const all = entries(engine);
    const [target] = all;
    if (target && !all.some(([, set]) => set?.id === ownId(workspace.active.state().set))) open(...target);
  }, [engine, workspace, open]);
  const fusing = useCallback(
    (pair?: readonly [DisplaySet, DisplaySet]) => {
      void (async () => {
        const { fuse, toggleFusion } = await import('../../viewport/fusion/fuse');
        const planes = mpr.state() !== undefined;
        leave();
        const { active } = workspace;
        const note = pair ? fuse(active, ...pair) : toggleFusion(active, entries(engine).flatMap(([, set]) => set ?? []));
        if (planes) await mpr.toggle();
        change(() => ({ note }));
      })();
    },
    [engine, workspace, mpr, leave, change],
  );
  return { begin, open, drop, arrange, next, first, fuse: fusing };
}

/** Goes to the frame and window that an address names. */
function show(controller: StackController, instance: string, frame: number | undefined, window: ViewerPlace['window']): void {
  const { set, setting } = controller.state();
  const index = frame ? (set?.pictures.findIndex((one) => one.instance.SOPInstanceUID === instance && one.frame === frame) ?? -1) : -1;
  if (index >= 0) controller.goTo(index);
  if (window) controller.follow({ ...setting, custom: window });
}

/** The layout of an address; the pane of its series is the active one. */
function restore({ workspace, loader }: ViewerEngine, { rows, columns, panes }: PanesPlace, series: string, instance: string): void {
  const studies = [...new Set(loader.state().series.map(({ StudyInstanceUID }) => StudyInstanceUID))];
  const sets = studies.flatMap((study) => loader.allSets(study));
  workspace.quietly(() => {
    workspace.arrange(rows, columns);
    workspace.state().cells.forEach(({ controller }, index) => {
      const uid = panes[index] ?? '';
      const set = sets.find((one) => one.SeriesInstanceUID === uid) ?? sets.find(({ instances }) => instances.some(({ SOPInstanceUID }) => SOPInstanceUID === uid));
      if (set) controller.open(set, instance && set.SeriesInstanceUID === series ? instance : uid);
    });
    workspace.activate(Math.max(0, workspace.state().cells.findIndex(({ controller }) => controller.state().set?.SeriesInstanceUID === series)));
  });
}

/** Puts the series that are not on screen yet into the empty panes, in their order. */
function fill(engine: ViewerEngine): void {
  const { workspace, loader } = engine;
  const { cells } = workspace.state();
  const shown = new Set(cells.map(({ controller }) => controller.state().set?.SeriesInstanceUID));
  const waiting = entries(engine).filter(([series, set]) => !shown.has(series.SeriesInstanceUID) && set?.kind !== 'document');
  for (const { controller } of cells) {
    if (controller.state().set) continue;
    const [series, set] = waiting.shift() ?? [];
    const chosen = set ?? (series && loader.sets(series)[0]);
    if (chosen && !controller.state().set) controller.open(chosen);
  }
}
