// From an object that names an image to that image, shown in another pane than the one that names it.

import type { DisplaySet } from '../../core/stack';
import type { Cell } from '../../viewport/workspace';
import type { ViewerEngine } from './viewer-engine';

/** The display set of an open study that holds an image, if any does. */
export function setOf({ loader }: Pick<ViewerEngine, 'loader'>, SOPInstanceUID: string): DisplaySet | undefined {
  const sets = loader.state().series.flatMap((series) => series.sets ?? []);
  return sets.find(({ instances }) => instances.some((instance) => instance.SOPInstanceUID === SOPInstanceUID));
}

/** Opens an image in the next pane; where there is only one, a second one is made for it. */
export function openBeside(engine: Pick<ViewerEngine, 'loader' | 'workspace'>, from: Cell, SOPInstanceUID: string): void {
  const { workspace } = engine;
  const set = setOf(engine, SOPInstanceUID);
  if (!set) return;
  if (workspace.state().cells.length === 1) workspace.arrange(1, 2);
  const { cells } = workspace.state();
  const index = (cells.indexOf(from) + 1) % cells.length;
  cells[index]?.controller.open(set, SOPInstanceUID);
  workspace.activate(index);
}
