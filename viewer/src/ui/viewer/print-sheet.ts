// Paper: the panes of the layout with who it is above them, or one pane alone, on one sheet; reports in full, and contact sheets of a
// series, on as many as they need. The browser prints it, or makes a PDF of it.

import { imageText, patientLines, studyLines } from '../../core/corner-text';
import { contactIndices } from '../../core/export';
import { annotations } from '../../viewport/annotations';
import { pictureAt } from '../../viewport/export/film';
import type { Job } from '../../viewport/export/job';
import { paintedPicture, paneElement } from '../../viewport/export/painted';
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
/** A picture of a contact sheet: a square of so many CSS pixels. */
const SQUARE = 240;
const CONTACT_COLUMNS = 5;

interface Figure {
  /** The picture, or a report. */
  shown: HTMLElement | undefined;
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
  const named = printed === 'layout' && settings.state().names;
  const figures = volume ? [volumeFigure(volume)] : await Promise.all(shownPanes(engine, printed).map(async ([state, index]) => (state.bitmap ? paneFigure(engine, parts, state) : documentFigure(state, index, parts, named))));
  const isReport = figures.some(({ shown }) => shown?.matches('.report'));
  if (isReport && !named) return t('A report may name the patient: it is printed with the layout, while names are shown');
  if (figures.every(({ shown }) => !shown)) return volume ? t('The volume is still being drawn: try again when it is at rest') : t('There is no picture to print');
  const { arrangement, columns } = workspace.state();
  const template = figures.length === 1 ? 'minmax(0, 1fr)' : arrangement === 'mpr' ? 'minmax(0, 2fr) minmax(0, 1fr)' : arrangement === 'curved' ? 'repeat(3, minmax(0, 1fr))' : `repeat(${columns}, minmax(0, 1fr))`;
  const made = sheet(figures, template, named ? figures.find(({ shown }) => shown) : undefined);
  made.dataset.arrangement = isReport ? 'report' : figures.length === 1 ? 'grid' : arrangement;
  put(made);
  window.print();
  return '';
}

/** Prints the pictures of the active pane's series, small and many on a page; returns why it cannot, else "". */
export async function printContactSheet({ workspace, sources }: ViewerEngine, parts: PaneParts, job: Job): Promise<string> {
  const state = workspace.active.state();
  const { set } = state;
  if (!set || !state.bitmap) return t('There is no picture in this pane');
  const small = { ...state, pane: { width: SQUARE, height: SQUARE } };
  const { indices, step } = contactIndices(set.pictures.length);
  const about = set.pictures[0]?.instance.dataSet ?? {};
  const study = [...studyLines(about), [set.modality, set.description].filter(Boolean).join(' · '), step > 1 ? t('One of {n} images is shown', { n: step }) : ''].filter(Boolean);
  const patient = patientLines(about);
  const figures: Figure[] = [];
  for (const index of indices) {
    job.signal.throwIfAborted();
    const shown = await pictureAt(small, index, sources, parts, { text: false, ownSize: false, ratio: SHARP });
    figures.push({ shown, patient, study, picture: [imageText(set, index)] });
    job.progress(figures.length, indices.length);
  }
  const made = sheet(figures, `repeat(${CONTACT_COLUMNS}, minmax(0, 1fr))`, settings.state().names ? { patient, study } : undefined, true);
  made.dataset.arrangement = 'contact';
  put(made);
  window.print();
  return '';
}

/** The panes to print, each with its place in the layout. */
function shownPanes({ workspace }: ViewerEngine, printed: Printed): (readonly [PaneState, number])[] {
  const { cells, maximised, active } = workspace.state();
  return printed === 'pane' || maximised ? [[workspace.active.state(), active]] : cells.map(({ controller }, index) => [controller.state(), index]);
}

/** What a pane shows that is no stack: a report in full, an ECG's paper or a slide as they are drawn. */
function documentFigure({ set }: PaneState, index: number, { measure }: Pick<PaneParts, 'measure'>, named: boolean): Figure {
  const dataSet = set?.instances[0]?.dataSet ?? {};
  const report = paneElement(index)?.querySelector('.report article');
  return { shown: report ? copied(report) : paintedPicture(index, measure, named), patient: patientLines(dataSet), study: studyLines(dataSet), picture: [[set?.modality, set?.description].filter(Boolean).join(' · ')] };
}

/** A report without what is pressed in it. */
function copied(report: Element): HTMLElement {
  const copy = report.cloneNode(true) as HTMLElement;
  for (const button of copy.querySelectorAll('button')) button.replaceWith(button.textContent);
  return element('div', 'report', copy);
}

async function paneFigure({ mpr }: ViewerEngine, parts: Omit<PaneParts, 'further'>, state: PaneState): Promise<Figure> {
  const further = state.set?.plane ? mpr.notes.state() : '';
  const canvas = state.set ? await panePicture(state, { ...parts, further }, { text: false, ownSize: false, ratio: SHARP }) : undefined;
  // What is said of a picture on paper does not depend on how wide its pane is.
  const corners = annotations({ ...state, pane: { width: 1000, height: 1000 } }, 'all', '')?.corners;
  return { shown: canvas, patient: corners?.topLeft ?? [], study: corners?.topRight ?? [], picture: [...(corners?.bottomRight ?? []).slice(-2), ...(corners?.bottomLeft ?? []).slice(-2)] };
}

function volumeFigure(volume: NonNullable<ReturnType<ViewerEngine['volume3d']['state']>>): Figure {
  const { patient, mode, series } = volumeWritten(volume, volume.state());
  return { shown: volumePicture(volume, false), patient, study: [series], picture: [mode] };
}

function element(name: string, className: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** Who it is, and what: above everything on the sheet. */
type Head = Pick<Figure, 'patient' | 'study'>;

/** Lines of a picture that the head does not say. */
const others = (own: readonly string[], head: readonly string[]): readonly string[] => (own.join('\n') === head.join('\n') ? [] : own);

/** Without a head nobody is named. */
function sheet(figures: readonly Figure[], template: string, head: Head | undefined, captioned = head !== undefined): HTMLElement {
  const panes = figures.map(({ shown, patient, study, picture }) => {
    const said = [...(head ? [...others(patient, head.patient), ...others(study, head.study)] : []), ...picture].filter(Boolean);
    const caption = shown && captioned ? [element('figcaption', '', said.join(' · '))] : [];
    return element('figure', '', ...(shown ? [shown] : []), ...caption);
  });
  const grid = element('div', 'print-panes', ...panes);
  grid.style.gridTemplateColumns = template;
  const above = head ? [element('header', '', element('div', '', ...lines(head.patient)), element('div', '', ...lines(head.study)))] : [];
  return element('section', 'print-sheet', ...above, grid);
}

const lines = (texts: readonly string[]): HTMLElement[] => texts.map((line) => element('div', '', line));

function put(made: HTMLElement): void {
  document.querySelector('.print-sheet')?.remove();
  document.body.append(made);
  window.addEventListener('afterprint', () => made.remove(), { once: true });
}
