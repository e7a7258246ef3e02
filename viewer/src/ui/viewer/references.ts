// From an object that names an image to that image, shown in another pane than the one that names it.

import { isState, tableHolders, type PresentationState } from '../../core/presentation-state';
import { showsPictures, type DisplaySet } from '../../core/stack';
import { loadTables } from '../../net/lookup-tables';
import type { StackController } from '../../viewport/stack-controller';
import type { Cell } from '../../viewport/workspace';
import type { ViewerEngine } from './viewer-engine';

/** The display set of an open study that holds an image, if any does. */
export function setOf({ loader }: Pick<ViewerEngine, 'loader'>, SOPInstanceUID: string): DisplaySet | undefined {
  const sets = loader.state().series.flatMap((series) => series.sets ?? []);
  return sets.find(({ instances }) => instances.some((instance) => instance.SOPInstanceUID === SOPInstanceUID));
}

/** Applies a presentation state once its tables are there; a table that cannot be had is left out. */
export async function applyState({ client }: Pick<ViewerEngine, 'client'>, controller: StackController, state: PresentationState): Promise<void> {
  const { set } = controller.state();
  await loadTables(client, ...tableHolders(state));
  if (controller.state().set?.id === set?.id) controller.applyState(state);
}

/** The images of a presentation state that was opened itself, and the state; undefined for other objects. */
export function stateTarget({ loader }: Pick<ViewerEngine, 'loader'>, document: DisplaySet | undefined): { set: DisplaySet; state: PresentationState } | undefined {
  const [instance] = document?.instances ?? [];
  if (!instance || !isState(instance)) return undefined;
  for (const set of loader.state().series.flatMap(({ sets }) => sets ?? [])) {
    const state = set.states?.find(({ id }) => id === instance.SOPInstanceUID);
    if (state) return { set, state };
  }
  return undefined;
}

/** Opens a further study: its first series with pictures, beside what is on screen. */
export async function openStudyBeside(engine: Pick<ViewerEngine, 'loader' | 'workspace'>, study: string): Promise<void> {
  const { loader, workspace } = engine;
  const all = await loader.add(study);
  const { modality } = workspace.active.state().set ?? {};
  const series = all.find((one) => one.modality === modality) ?? all.find((one) => showsPictures(one.modality)) ?? all[0];
  const set = series && loader.sets(series)[0];
  const from = workspace.state().cells[workspace.state().active];
  if (set && from) showBeside(engine, from, set);
}

/** Opens an image in the next pane; where there is only one, a second one is made for it. */
export function openBeside(engine: Pick<ViewerEngine, 'loader' | 'workspace'>, from: Cell, SOPInstanceUID: string, frame?: number): void {
  const set = setOf(engine, SOPInstanceUID);
  if (set) showBeside(engine, from, set, SOPInstanceUID, frame);
}

function showBeside({ workspace }: Pick<ViewerEngine, 'workspace'>, from: Cell, set: DisplaySet, SOPInstanceUID = '', frame?: number): void {
  if (workspace.state().cells.length === 1) workspace.arrange(1, 2);
  const { cells } = workspace.state();
  const index = (cells.indexOf(from) + 1) % cells.length;
  cells[index]?.controller.open(set, SOPInstanceUID);
  if (frame !== undefined && set.kind === 'clip') cells[index]?.controller.goTo(frame - 1);
  workspace.activate(index);
}
