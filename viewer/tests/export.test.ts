import { describe, expect, it, vi } from 'vitest';
import { contactIndices, ownFrame, pictureName } from '../src/core/export';
import { toCsv, toJson } from '../src/core/measure/export';
import type { Measurement } from '../src/core/measure/types';
import { withoutNames } from '../src/core/naming';
import { FIT, scaleOf } from '../src/core/view';
import { ExportChoices } from '../src/viewport/export/choices';
import { paintState } from '../src/viewport/export/paint-state';
import { withStates } from '../src/core/presentation-state';
import { displaySets } from '../src/core/stack';
import type { PaneState } from '../src/viewport/stack-controller';
import { bitmap, dataSet, slice } from './builders';

describe('the name of a picture', () => {
  it('says what it is', () => expect(pictureName({ modality: 'CT', number: 3, plane: 'axial' }, 17)).toBe('CT-3-axial-17'));
  it('does without what there is not', () => expect(pictureName({ modality: '', number: undefined }, '3D')).toBe('image-3D'));
  it('keeps out what file systems do not like', () => expect(pictureName({ modality: '../C:T', number: 1 }, 2)).toBe('___C_T-1-2'));
});

describe('a contact sheet', () => {
  it('has all pictures of a short series', () => expect(contactIndices(3)).toEqual({ indices: [0, 1, 2], step: 1 }));
  it('has one of every so many of a long one, on five pages', () => {
    const { indices, step } = contactIndices(1000);
    expect([step, indices.length, indices[1], indices.at(-1)]).toEqual([7, 143, 7, 994]);
  });
});

describe('a picture at its own size', () => {
  const shape = { columns: 40, rows: 30, pixelWidth: 2, pixelHeight: 1 };
  it('has a pixel for each along the shorter side of pixels', () => {
    const { pane, view, ratio } = ownFrame({ ...FIT, zoom: 3, x: 5 }, shape);
    expect([pane.width * ratio, pane.height * ratio, scaleOf(view, shape, pane) * ratio]).toEqual([80, 30, 1]);
  });
  it('is turned and mirrored as on screen', () => {
    const { pane, view } = ownFrame({ ...FIT, turns: 3, mirrored: true }, shape);
    expect([pane, view]).toEqual([{ width: 30, height: 80 }, { ...FIT, turns: 3, mirrored: true }]);
  });
  it('has larger text where it is large', () => {
    const large = { columns: 2800, rows: 1400, pixelWidth: 1, pixelHeight: 1 };
    const { pane, view, ratio } = ownFrame(FIT, large);
    expect([ratio, pane.height, scaleOf(view, large, pane) * ratio]).toEqual([2, 700, 1]);
  });
});

it('nobody is named unless asked for', () => {
  const choices = new ExportChoices();
  let told = 0;
  choices.changed.listen(() => (told += 1));
  expect(choices.state().text).toBe(false);
  choices.toggle('text');
  expect([choices.state(), told]).toEqual([{ text: true, ownSize: false, quality: 0.9 }, 1]);
});

describe('what leaves without names', () => {
  const about = dataSet({ PatientName: { Alphabetic: 'Muster-Zq^Erika', Ideographic: '山田^太郎' }, PatientID: 'ID-4711/2', AccessionNumber: 'ACC(9)', PatientBirthDate: '19700102' });
  it.each([
    ['MUSTER E.: nodule, erika zq', '… E.: nodule, … zq'],
    ['No. ID-4711/2, ACC(9) of 2 Jan 1970, 02.01.1970, 19700102', 'No. …, … of …, …, …'],
    ['山田 太郎 L3', '… … L3'],
    ['Musters mass, 34.2 mm, Erikas', 'Musters mass, 34.2 mm, Erikas'],
  ])('%s', (words, left) => expect(withoutNames(words, about)).toBe(left));
  it('stays as it is where nothing is known', () => {
    for (const unknown of [undefined, dataSet({}), dataSet({ PatientName: 'X^Y', PatientID: '12' })]) expect(withoutNames('X Y 12 Muster', unknown)).toBe('X Y 12 Muster');
  });
  it('goes into CSV and JSON so', () => {
    const item: Measurement = { id: 'a', kind: 'length', pictureId: 'p', points: [[1, 2]], name: 'Erika, left' };
    for (const written of [toCsv([item], about), toJson([item], about)]) expect([written.includes('Erika'), written.includes('…, left')]).toEqual([false, true]);
    expect(toCsv([item])).toContain('Erika, left');
  });
  it('is so in the texts of presentation states', () => {
    const words = dataSet({ UnformattedTextValue: 'Erika Muster\nsmall nodule', BoundingBoxAnnotationUnits: 'PIXEL', BoundingBoxTopLeftHandCorner: [1, 1], BoundingBoxBottomRightHandCorner: [2, 2] });
    const state = dataSet({ SOPInstanceUID: '9', SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1', Modality: 'PR', ReferencedSeriesSequence: dataSet({ ReferencedImageSequence: dataSet({ ReferencedSOPInstanceUID: '1.1' }) }), GraphicAnnotationSequence: dataSet({ TextObjectSequence: words }) });
    const [first] = withStates([{ sets: displaySets([slice({ SOPInstanceUID: '1.1' })]) }, { sets: displaySets([state]) }]);
    const set = first?.sets[0];
    const pane = { set, shown: 0, bitmap: bitmap(new Int16Array(4), 2), view: FIT, pane: { width: 20, height: 20 }, presentation: set?.states?.[0] } as unknown as PaneState;
    const written: string[] = [];
    const context = new Proxy({}, { get: (_, name) => (name === 'fillText' ? (line: string) => written.push(line) : () => undefined), set: () => true }) as CanvasRenderingContext2D;
    vi.stubGlobal('document', { body: undefined });
    vi.stubGlobal('getComputedStyle', () => ({ fontFamily: '' }));
    for (const say of [(line: string) => line, (line: string) => withoutNames(line, about)]) paintState(context, pane, say);
    vi.unstubAllGlobals();
    expect(written).toEqual(['Erika Muster', 'small nodule', '… …', 'small nodule']);
  });
});
