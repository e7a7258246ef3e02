import { describe, expect, it } from 'vitest';
import { ownFrame, pictureName } from '../src/core/export';
import { FIT, scaleOf } from '../src/core/view';
import { ExportChoices } from '../src/viewport/export/choices';

describe('the name of a picture', () => {
  it('says what it is', () => expect(pictureName({ modality: 'CT', number: 3, plane: 'axial' }, 17)).toBe('CT-3-axial-17'));
  it('does without what there is not', () => expect(pictureName({ modality: '', number: undefined }, '3D')).toBe('image-3D'));
  it('keeps out what file systems do not like', () => expect(pictureName({ modality: '../C:T', number: 1 }, 2)).toBe('___C_T-1-2'));
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
