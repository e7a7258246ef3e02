// One sheet of paper: the panes of the layout with who it is above them, or one pane alone. The browser prints it.

import { annotations } from '../../viewport/annotations';
import { panePicture, type PaneParts } from '../../viewport/export/pane-picture';
import { volumePicture } from '../../viewport/export/volume-picture';
import type { PaneState } from '../../viewport/stack-controller';
import { volumeWritten } from '../../viewport/volume3d/written';
import { settings } from '../settings';
import type { ViewerEngine } from './viewer-engine';
import './print.css';
import { t } from '../../core/language';

/** Canvas pixels of a CSS pixel: paper is finer than screens. */
const SHARP = 2;

interface Figure {
  canvas: HTMLCanvasElement | undefined;
  patient: readonly string[];
  study: readonly string[];
  /** Series and place of the picture in it. */
  picture: readonly string[];
}

export type Printed = 'layout' | 'pane';

/** Opens the browser's print dialog; returns why it cannot, else "". A pane alone says nothing of whose it is, nor does a layout while names are hidden. */
export async function printSheet(engine: ViewerEngine, parts: Omit<PaneParts, 'further'>, printed: Printed): Promise<string> {
  const { workspace, volume3d } = engine;
  const volume = volume3d.state();
  const figures = volume ? [volumeFigure(volume)] : await Promise.all(shownPanes(engine, printed).map((state) => paneFigure(engine, parts, state)));
  if (figures.every(({ canvas }) => !canvas)) return volume ? t('The volume is still being drawn: try again when it is at rest') : t('There is no picture to print');
  const { arrangement, columns } = workspace.state();
  const template = figures.length === 1 ? 'minmax(0, 1fr)' : arrangement === 'mpr' ? 'minmax(0, 2fr) minmax(0, 1fr)' : arrangement === 'curved' ? 'repeat(3, minmax(0, 1fr))' : `repeat(${columns}, minmax(0, 1fr))`;
  const made = sheet(figures, template, printed === 'layout' && settings.state().names);
  made.dataset.arrangement = figures.length === 1 ? 'grid' : arrangement;
  put(made);
  window.print();
  return '';
}

function shownPanes({ workspace }: ViewerEngine, printed: Printed): PaneState[] {
  const { cells, maximised } = workspace.state();
  return printed === 'pane' || maximised ? [workspace.active.state()] : cells.map(({ controller }) => controller.state());
}

async function paneFigure({ mpr }: ViewerEngine, parts: Omit<PaneParts, 'further'>, state: PaneState): Promise<Figure> {
  const further = state.set?.plane ? mpr.notes.state() : '';
  const canvas = state.set ? await panePicture(state, { ...parts, further }, { text: false, ownSize: false, ratio: SHARP }) : undefined;
  // What is said of a picture on paper does not depend on how wide its pane is.
  const corners = annotations({ ...state, pane: { width: 1000, height: 1000 } }, 'all', '')?.corners;
  return { canvas, patient: corners?.topLeft ?? [], study: corners?.topRight ?? [], picture: [...(corners?.bottomRight ?? []).slice(-2), ...(corners?.bottomLeft ?? []).slice(-2)] };
}

function volumeFigure(volume: NonNullable<ReturnType<ViewerEngine['volume3d']['state']>>): Figure {
  const { patient, mode, series } = volumeWritten(volume, volume.state());
  return { canvas: volumePicture(volume, false), patient, study: [series], picture: [mode] };
}

function element(name: string, className: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

function sheet(figures: readonly Figure[], template: string, named: boolean): HTMLElement {
  const first = figures.find(({ canvas }) => canvas);
  const [patient, study] = [first?.patient ?? [], first?.study ?? []];
  const panes = figures.map((figure) => {
    const others = [...(same(figure.patient, patient) ? [] : figure.patient), ...(same(figure.study, study) ? [] : figure.study)];
    const caption = figure.canvas && named ? [element('figcaption', '', [...others, ...figure.picture].join(' · '))] : [];
    return element('figure', '', ...(figure.canvas ? [figure.canvas] : []), ...caption);
  });
  const grid = element('div', 'print-panes', ...panes);
  grid.style.gridTemplateColumns = template;
  const head = element('header', '', element('div', '', ...lines(patient)), element('div', '', ...lines(study)));
  return element('section', 'print-sheet', ...(named ? [head] : []), grid);
}

const lines = (texts: readonly string[]): HTMLElement[] => texts.map((line) => element('div', '', line));

function put(made: HTMLElement): void {
  document.querySelector('.print-sheet')?.remove();
  document.body.append(made);
  window.addEventListener('afterprint', () => made.remove(), { once: true });
}
