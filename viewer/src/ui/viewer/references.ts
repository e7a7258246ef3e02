// From an object that names an image to that image, shown in another pane than the one that names it.

import { showsPictures, type DisplaySet } from '../../core/stack';
import type { Cell } from '../../viewport/workspace';
import type { ViewerEngine } from './viewer-engine';

/** The display set of an open study that holds an image, if any does. */
export function setOf({ loader }: Pick<ViewerEngine, 'loader'>, SOPInstanceUID: string): DisplaySet | undefined {
  const sets = loader.state().series.flatMap((series) => series.sets ?? []);
  return sets.find(({ instances }) => instances.some((instance) => instance.SOPInstanceUID === SOPInstanceUID));
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
export function openBeside(engine: Pick<ViewerEngine, 'loader' | 'workspace'>, from: Cell, SOPInstanceUID: string): void {
  const set = setOf(engine, SOPInstanceUID);
  if (set) showBeside(engine, from, set, SOPInstanceUID);
}

function showBeside({ workspace }: Pick<ViewerEngine, 'workspace'>, from: Cell, set: DisplaySet, SOPInstanceUID = ''): void {
  if (workspace.state().cells.length === 1) workspace.arrange(1, 2);
  const { cells } = workspace.state();
  const index = (cells.indexOf(from) + 1) % cells.length;
  cells[index]?.controller.open(set, SOPInstanceUID);
  workspace.activate(index);
}
