import { describe, expect, it } from 'vitest';
import type { DataSet } from '../src/core/dicom-json';
import { shownGrey, windowChoices } from '../src/core/display';
import { isFor, stateGraphics, stateInverts, statePose, stateView, withStates, type PresentationState } from '../src/core/presentation-state';
import { savedView } from '../src/core/saved-view';
import { displaySets, type DisplaySet, type Picture } from '../src/core/stack';
import { FIT, flippedHorizontally, pixelToPane, rotated, type View } from '../src/core/view';
import { bitmap, dataSet, slice } from './builders';

const image = (more: Parameters<typeof slice>[0] = {}): DataSet => slice({ SOPInstanceUID: '1.1', Modality: 'CT', Rows: 40, Columns: 60, RescaleIntercept: -1000, RescaleSlope: 2, WindowCenter: 40, WindowWidth: 400, ...more });
const pr = (more: Parameters<typeof slice>[0] = {}): DataSet =>
  dataSet({
    SOPInstanceUID: '9', SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1', SeriesInstanceUID: '3', Modality: 'PR', ContentLabel: 'BONE', PresentationLUTShape: 'IDENTITY',
    ReferencedSeriesSequence: dataSet({ SeriesInstanceUID: '1.2', ReferencedImageSequence: dataSet({ ReferencedSOPInstanceUID: '1.1' }) }), ...more,
  }); // prettier-ignore

function opened(state: DataSet, of: DataSet = image()): { set: DisplaySet; state: PresentationState; picture: Picture } {
  const [first] = withStates([{ sets: displaySets([of]) }, { sets: displaySets([state]) }]);
  const set = first?.sets[0] as DisplaySet;
  return { set, state: set.states?.[0] as PresentationState, picture: set.pictures[0] as Picture };
}

describe('presentation states', () => {
  it('belong to the sets that hold their images, which stay as they are otherwise', () => {
    const series = [{ sets: displaySets([image()]) }, { sets: displaySets([pr()]) }];
    const once = withStates(series);
    expect(once[0]?.sets[0]?.states?.map(({ id, label }) => [id, label])).toEqual([['9', 'BONE']]);
    expect(withStates(once)[0]).toBe(once[0]);
    expect(once[1]).toBe(series[1]);
    const { state, picture } = opened(pr({ ReferencedSeriesSequence: dataSet({ ReferencedImageSequence: dataSet({ ReferencedSOPInstanceUID: '1.1', ReferencedFrameNumber: 2 }) }) }));
    expect(isFor(state, picture)).toBe(false);
  });

  it('give the first window of the list, in the values of the image', () => {
    const { set, picture } = opened(pr({ SoftcopyVOILUTSequence: dataSet({ WindowCenter: 300, WindowWidth: 1000 }) }));
    expect(windowChoices(picture, 'CT', undefined, set.states)[0]).toEqual({ id: 'state-9', label: 'BONE', window: { center: 300, width: 1000, function: 'LINEAR' } });
    const other = opened(pr({ RescaleSlope: 1, RescaleIntercept: 0, SoftcopyVOILUTSequence: dataSet({ WindowCenter: 500, WindowWidth: 101, VOILUTFunction: 'LINEAR_EXACT' }) }));
    const stored = [449.5, 550.5].map((value) => value * 2 - 1000);
    expect(windowChoices(other.picture, 'CT', undefined, other.set.states)[0]?.nodes?.map(({ value }) => value)).toEqual(stored);
  });

  it('map grey through a presentation LUT', () => {
    const { set, picture } = opened(pr({ SoftcopyVOILUTSequence: dataSet({ WindowCenter: 100, WindowWidth: 200, VOILUTFunction: 'LINEAR_EXACT' }), PresentationLUTSequence: dataSet({ LUTDescriptor: [3, 0, 8], LUTData: [0, 255, 0] }) }));
    const { nodes, label } = shownGrey(picture, bitmap(new Int16Array(4), 2), 'CT', { choice: 'state-9', inverted: false }, set.states);
    const at = (value: number) => nodes.find((node) => Math.abs(node.value - value) < 0.11)?.grey;
    expect([label, at(0), at(100), at(200)]).toEqual(['BONE', 0, 1, 0]);
  });

  it.each([['MONOCHROME2', 'IDENTITY', false], ['MONOCHROME2', 'INVERSE', true], ['MONOCHROME1', 'IDENTITY', true], ['MONOCHROME1', 'INVERSE', false]])('stand for themselves: %s, %s', (PhotometricInterpretation, PresentationLUTShape, inverted) => {
    const { state, picture } = opened(pr({ PresentationLUTShape }), image({ PhotometricInterpretation }));
    expect(stateInverts(state, picture)).toBe(inverted);
  });

  it('turn clockwise, then flip', () => {
    const pose = (ImageRotation: number, ImageHorizontalFlip: string) => statePose(opened(pr({ ImageRotation, ImageHorizontalFlip })).state);
    expect(pose(90, 'N')).toMatchObject({ turns: 1, mirrored: false });
    const { turns, mirrored } = flippedHorizontally(rotated(FIT, 1));
    expect(pose(90, 'Y')).toEqual({ turns, mirrored });
  });

  it('fit the displayed area to the pane', () => {
    const { state, picture } = opened(pr({ DisplayedAreaSelectionSequence: dataSet({ DisplayedAreaTopLeftHandCorner: [11, 6], DisplayedAreaBottomRightHandCorner: [30, 25], PresentationSizeMode: 'SCALE TO FIT' }) }));
    const [shape, pane] = [{ columns: 60, rows: 40, pixelWidth: 1, pixelHeight: 1 }, { width: 400, height: 200 }];
    const view = stateView(state, picture, shape, pane);
    expect(pixelToPane([10, 5], view, shape, pane)).toEqual([105, 5]);
    expect(pixelToPane([29, 24], view, shape, pane)).toEqual([295, 195]);
  });

  it('draw in pixels from the corner of the first, or in parts of the display', () => {
    const graphic = dataSet({ GraphicAnnotationUnits: 'PIXEL', GraphicType: 'POLYLINE', GraphicData: [0.5, 0.5, 10, 20], GraphicFilled: 'N' });
    const written = dataSet({ UnformattedTextValue: 'a\r\nb', BoundingBoxAnnotationUnits: 'DISPLAY', BoundingBoxTopLeftHandCorner: [0.1, 0.2], BoundingBoxBottomRightHandCorner: [0.5, 0.4], AnchorPoint: [3.5, 4.5], AnchorPointAnnotationUnits: 'PIXEL', AnchorPointVisibility: 'Y' });
    const { state, picture } = opened(pr({ GraphicAnnotationSequence: [dataSet({ GraphicObjectSequence: graphic, TextObjectSequence: written }), dataSet({ ReferencedImageSequence: dataSet({ ReferencedSOPInstanceUID: '1.7' }), GraphicObjectSequence: graphic })] }));
    expect(stateGraphics(state, picture)).toEqual({
      graphics: [{ display: false, lines: [[[0, 0], [9.5, 19.5]]], filled: false }],
      texts: [{ display: true, lines: ['a', 'b'], corners: [[0.1, 0.2], [0.5, 0.4]], anchor: { at: [3, 4], display: false } }],
    });
  });
});

describe('a view to store', () => {
  const shape = { columns: 60, rows: 40, pixelWidth: 1, pixelHeight: 1 };
  const stored = (view: View, more: object = {}) =>
    savedView({ picture: opened(pr()).picture, shape, view, pane: { width: 600, height: 400 }, grey: { window: { center: 1, width: 2, function: 'LINEAR' }, label: '', nodes: [] }, inverted: false, overlays: true, laid: [], ...more }, 'Name');

  it('is all of the image at fit, else what is seen', () => {
    expect(stored(FIT)).toMatchObject({ image: { SOPInstanceUID: '1.1', frame: 0 }, area: [1, 1, 60, 40], rotation: 0, flipped: false, inverse: false });
    expect(stored({ ...FIT, zoom: 2, x: 5 })).toMatchObject({ area: [21, 11, 50, 30] });
  });

  it('turns before it flips, as the standard does', () => {
    expect(stored(flippedHorizontally(rotated(FIT, 1)))).toMatchObject({ rotation: 90, flipped: true });
    expect(stored(rotated(FIT, -1))).toMatchObject({ rotation: 270, flipped: false });
    expect(stored({ ...FIT, angle: 20 })).toContain('quarter turns');
    expect(stored({ ...FIT, angle: 0 })).toMatchObject({ rotation: 0 });
  });

  it('has lines in pixels from the corner of the first, and no lookup table', () => {
    const laid = [{ chains: [{ points: [[0, 0], [300, 200]] as const }], lines: ['30 mm'], label: { x: 100, y: 100, width: 50, height: 20 } }];
    expect(stored(FIT, { laid })).toMatchObject({ graphics: [{ lines: [[[0, 0], [30, 20]]], text: '30 mm', box: [[10, 10], [15, 12]] }] });
    expect(stored(FIT, { grey: { label: 'LUT', nodes: [] } })).toContain('lookup table');
  });
});
