import { expect, test } from 'vitest';
import type { DataSet, JsonValue } from '../src/core/dicom-json';
import { resultText } from '../src/core/measure/export';
import { pixelsOf } from '../src/core/measure/reported';
import { areaText, lengthText, scaleAt } from '../src/core/measure/scale';
import { MEASURE_TOOLS } from '../src/core/measure/tools';
import { seriesMetadata, type SeriesOpening } from '../src/core/opening';
import { pyramids, readSlide, tilesIn } from '../src/core/slide/pyramid';
import { slidePicture } from '../src/core/slide/picture';
import { asPicture, bounded, fitted, levelFor, magnification, panned, slideBar, toPane, toSlide, turned, zoomed } from '../src/core/slide/view';
import { planeOf, toPatient } from '../src/core/plane';
import { displaySets, readInstance } from '../src/core/stack';
import { TAGS, type Keyword } from '../src/core/tags';
import { pixelToPane } from '../src/core/view';
import { dataSet } from './builders';

const WSI = '1.2.840.10008.5.1.4.1.1.77.1.6';
type Given = Partial<Record<Keyword, JsonValue | readonly JsonValue[]>>;

let count = 0;
function part(columns: number, rows: number, frames: number, more: Given = {}): DataSet {
  count += 1;
  return dataSet({
    SOPClassUID: WSI, SOPInstanceUID: `1.9.${count}`, SeriesInstanceUID: '1.9', StudyInstanceUID: '1', ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'], Rows: 10, Columns: 10, PixelData: null,
    NumberOfFrames: frames, TotalPixelMatrixColumns: columns, TotalPixelMatrixRows: rows, DimensionOrganizationType: 'TILED_FULL', ...more,
  }); // prettier-ignore
}
const measures = (row: number, column: number, apart?: number): DataSet => dataSet({ PixelMeasuresSequence: dataSet({ PixelSpacing: [row, column], ...(apart === undefined ? {} : { SpacingBetweenSlices: apart }) }) });
const path = (OpticalPathIdentifier: string, more: Given = {}): DataSet => dataSet({ OpticalPathIdentifier, ...more });
const frames = (parts: readonly DataSet[], place: { left: number; top: number; right: number; bottom: number }, layer = { path: '', plane: 0 }): number[] => {
  const [level] = readSlide(parts.map(readInstance)).levels;
  return level ? tilesIn(level, { ...place, ...layer }).map(({ frame }) => frame) : [];
};

test('levels of a series are one pyramid, its label and overview pictures of their own', () => {
  const sets = displaySets([part(50, 40, 20), part(200, 160, 320), part(20, 16, 1, { ImageType: ['DERIVED', 'PRIMARY', 'THUMBNAIL', 'RESAMPLED'] }), part(30, 30, 1, { ImageType: ['ORIGINAL', 'PRIMARY', 'LABEL', 'NONE'] }), part(90, 30, 1, { ImageType: ['ORIGINAL', 'PRIMARY', 'OVERVIEW', 'NONE'] })]);
  expect(sets.map(({ kind, slide, title }) => [kind, slide, title])).toEqual([['document', true, undefined], ['clip', undefined, 'Label'], ['clip', undefined, 'Overview']]);
  expect(readSlide(sets[0]?.instances ?? []).levels.map(({ columns, stepX }) => [columns, stepX])).toEqual([[200, 1], [50, 4], [20, 10]]);
  expect(pyramids([part(200, 160, 1), part(100, 160, 1), part(50, 40, 1, { PyramidUID: '1.7' })].map(readInstance)).length).toBe(3);
});

test('tiles of TILED_FULL go right, down, through focal planes, then through optical paths', () => {
  const full = part(25, 20, 24, { TotalPixelMatrixFocalPlanes: 2, OpticalPathSequence: [path('A'), path('B')], SharedFunctionalGroupsSequence: measures(0.001, 0.001, 0.002) });
  const slide = readSlide([readInstance(full)]);
  expect([slide.paths.map(({ id }) => id), slide.planes]).toEqual([['A', 'B'], [0, 2]]);
  const all = { left: 0, top: 0, right: 25, bottom: 20 };
  expect(frames([full], all, { path: 'A', plane: 0 })).toEqual([1, 2, 3, 4, 5, 6]);
  expect(frames([full], { left: 12, top: 10, right: 20, bottom: 11 }, { path: 'A', plane: 2 })).toEqual([11]);
  expect(frames([full], { left: 9, top: 9, right: 11, bottom: 11 }, { path: 'B', plane: 2 })).toEqual([19, 20, 22, 23]);
  expect(frames([full], all, { path: 'C', plane: 0 })).toEqual([]);
});

test('an object cut in two goes on where the first ends, and frames that are not there are not asked for', () => {
  const [one, two] = [part(30, 10, 2), part(30, 10, 1, { ConcatenationFrameOffsetNumber: 2 })];
  expect(frames([one, two], { left: 0, top: 0, right: 30, bottom: 10 })).toEqual([1, 2, 1]);
  expect(frames([part(30, 10, 1)], { left: 0, top: 0, right: 30, bottom: 10 })).toEqual([1]);
});

const at = (x: number, y: number, z: number, id: string): DataSet =>
  dataSet({ PlanePositionSlideSequence: dataSet({ ColumnPositionInTotalImagePixelMatrix: x, RowPositionInTotalImagePixelMatrix: y, ZOffsetInSlideCoordinateSystem: z }), OpticalPathIdentificationSequence: path(id) });

test('tiles of TILED_SPARSE lie where they say, on the grid or not', () => {
  const sparse = part(40, 40, 4, { DimensionOrganizationType: 'TILED_SPARSE', OpticalPathSequence: [path('A'), path('B')], PerFrameFunctionalGroupsSequence: [at(1, 1, 0, 'A'), at(16, 16, 0, 'A'), at(16, 16, 1.5, 'A'), at(31, 31, 0, 'B')] });
  expect(readSlide([readInstance(sparse)]).planes).toEqual([0, 1.5]);
  expect(frames([sparse], { left: 0, top: 0, right: 10, bottom: 10 }, { path: 'A', plane: 0 })).toEqual([1]);
  expect(frames([sparse], { left: 20, top: 20, right: 22, bottom: 22 }, { path: 'A', plane: 0 })).toEqual([2]);
  expect(frames([sparse], { left: 0, top: 0, right: 40, bottom: 40 }, { path: 'A', plane: 1.5 })).toEqual([3]);
  expect(frames([sparse], { left: 0, top: 0, right: 40, bottom: 40 }, { path: 'B', plane: 0 })).toEqual([4]);
});

test('the positions of 100 000 frames are read from columns, and no items are made of them', () => {
  const size = 100_000;
  const column = (value: (index: number) => number): { vr: string; values: number[][] } => ({ vr: 'SL', values: Array.from({ length: size }, (_, index) => [value(index)]) });
  const own = { [TAGS.ColumnPositionInTotalImagePixelMatrix]: column((index) => (index % 400) * 10 + 1), [TAGS.RowPositionInTotalImagePixelMatrix]: column((index) => Math.floor(index / 400) * 10 + 1) };
  const items = { instances: size, shared: {}, own: { [TAGS.PlanePositionSlideSequence]: { item: { instances: size, shared: {}, own } } } };
  const opening: SeriesOpening = { etag: '', instances: 1, own: {}, shared: { ...part(4000, 2500, size, { DimensionOrganizationType: 'TILED_SPARSE' }), [TAGS.PerFrameFunctionalGroupsSequence]: { vr: 'SQ', items } } };
  const [metadata] = seriesMetadata(opening);
  const sequence = metadata?.[TAGS.PerFrameFunctionalGroupsSequence];
  expect(frames([metadata as DataSet], { left: 3990, top: 2490, right: 4000, bottom: 2500 })).toEqual([size]);
  expect(sequence?.Value?.length).toBe(size);
  expect(sequence?.Value?.[401]).toEqual(dataSetOf(11, 11));
});
const dataSetOf = (x: number, y: number): DataSet => ({ [TAGS.PlanePositionSlideSequence]: { vr: 'SQ', Value: [{ [TAGS.ColumnPositionInTotalImagePixelMatrix]: { vr: 'SL', Value: [x] }, [TAGS.RowPositionInTotalImagePixelMatrix]: { vr: 'SL', Value: [y] } }] } });

test('every micrometre has a source, and none is taken that cannot be', () => {
  const read = (more: Given): ReturnType<typeof readSlide> => readSlide([readInstance(part(1000, 800, 8000, more))]);
  expect(read({ SharedFunctionalGroupsSequence: measures(0.0005, 0.00025), ImagedVolumeWidth: 9, ImagedVolumeHeight: 9 }).spacing).toEqual({ x: 0.00025, y: 0.0005, provenance: 'Pixel Spacing' });
  expect(read({ ImagedVolumeWidth: 2, ImagedVolumeHeight: 1.6 }).spacing).toEqual({ x: 0.002, y: 0.002, provenance: 'Imaged Volume' });
  expect(read({}).warnings).toEqual(['Uncalibrated']);
  expect(read({ ImagedVolumeWidth: 3283, ImagedVolumeHeight: 2359 })).toMatchObject({ spacing: undefined, warnings: ['Uncalibrated: Imaged Volume says 3283 mm, no slide is that long'] });
  const lens = read({ OpticalPathSequence: path('1', { ObjectiveLensPower: 40 }) });
  expect([magnification(lens, 1), magnification(lens, 0.1), magnification(lens, 0.5)]).toEqual(['40×', '4×', '20×']);
  expect([magnification(read({ ImagedVolumeWidth: 0.5, ImagedVolumeHeight: 0.4 }), 1), magnification(read({}), 1)]).toEqual(['≈ 20×', '']);
  expect([slideBar(1000, 180), slideBar(20, 180), slideBar(5, 180)].map((bar) => [bar?.label, bar?.pixels])).toEqual([['100 µm', 100], ['5 mm', 100], ['2 cm', 100]]);
});

test('zooming keeps what is under the pointer, panning and turning follow the screen', () => {
  const [slide, pane] = [{ ...readSlide([readInstance(part(1000, 800, 8000))]) }, { width: 400, height: 300 }];
  const view = { ...fitted(slide, pane), turn: 30 };
  const under = toSlide([310, 90], view, pane);
  const closer = zoomed(view, 3, [310, 90], slide, pane);
  expect(toPane(under, closer, pane)[0]).toBeCloseTo(310, 6);
  expect(toPane(under, closer, pane)[1]).toBeCloseTo(90, 6);
  const moved = toPane(under, panned(closer, 12, -7, slide, pane), pane);
  expect([moved[0], moved[1]].map((value) => Math.round(value * 1000) / 1000)).toEqual([322, 83]);
  expect(turned({ ...view, turn: 0 }, -90, slide, pane).turn).toBe(270);
  expect(bounded({ x: -5, y: 9000, scale: 99, turn: 0 }, slide, pane)).toEqual({ x: 0, y: 800, scale: 16, turn: 0 });
});

test('the level is the coarsest that has as many pixels as the screen', () => {
  const { levels } = readSlide([part(1600, 1600, 1), part(400, 400, 1), part(100, 100, 1)].map(readInstance));
  expect([2, 1, 0.25, 0.2, 0.0625, 0.001].map((scale) => levelFor(levels, scale, 1))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(levelFor(levels, 0.2, 2)).toBe(0);
});

test('a slide is measured in µm on its finest level, with its place in the slide coordinate system', () => {
  const on = (more: Given): NonNullable<ReturnType<typeof slidePicture>> => slidePicture([readInstance(part(80_000, 60_000, 1, more))]) as NonNullable<ReturnType<typeof slidePicture>>;
  const origin = dataSet({ XOffsetInSlideCoordinateSystem: 20, YOffsetInSlideCoordinateSystem: 40, ZOffsetInSlideCoordinateSystem: 3 });
  const picture = on({ SharedFunctionalGroupsSequence: measures(0.0005, 0.00025), FrameOfReferenceUID: '1.5', ImageOrientationSlide: [0, -1, 0, -1, 0, 0], TotalPixelMatrixOriginSequence: origin });
  const scale = scaleAt(picture, [[0, 0]], 1);
  expect([lengthText([0, 0], [400, 0], scale), lengthText([0, 0], [0, 4000], scale), areaText(100, scale), areaText(16e6, scale)]).toEqual(['100.0 µm', '2.000 mm', '12.5 µm²', '2.000 mm²']);
  const values = MEASURE_TOOLS.rectangle.values([[0, 0], [4000, 4000]], { scale, values: { columns: 80_000, rows: 60_000, unit: '', at: () => undefined } });
  expect(values).toEqual([{ quantity: 'area', value: 2e6, unit: 'µm²' }]);
  expect(resultText({ id: 'a', kind: 'rectangle', pictureId: picture.id, points: [], values })).toBe('2.000 mm²');
  const plane = planeOf(picture);
  expect(plane && toPatient(plane, [400, 1000])).toEqual([19.5, 39.9, 0.003]);
  const byVolume = on({ ImagedVolumeWidth: 20, ImagedVolumeHeight: 15 });
  expect([planeOf(byVolume), lengthText([0, 0], [400, 0], scaleAt(byVolume, [[0, 0]], 1))]).toEqual([undefined, '100.0 µm by imaged volume']);
  expect(lengthText([0, 0], [400, 0], scaleAt(on({ ImagedVolumeWidth: 3283, ImagedVolumeHeight: 2359 }), [[0, 0]], 1))).toBe('400.0 px');
  const told = { graphic: 'POINT', points: [[10.5, 20.5]], FrameOfReferenceUID: '', SOPInstanceUID: byVolume.instance.SOPInstanceUID, frames: [], origin: 'VOLUME' };
  expect([pixelsOf(told, byVolume, undefined), pixelsOf({ ...told, origin: 'FRAME' }, byVolume, undefined)]).toEqual([[[10, 20]], undefined]);
});

test('a slide lies as a picture of its size does, however it is turned', () => {
  const [slide, pane] = [readSlide([readInstance(part(1000, 800, 8000))]), { width: 400, height: 300 }];
  for (const turn of [0, 90, 200]) {
    const view = { x: 300, y: 500, scale: 0.7, turn };
    const [at, expected] = [pixelToPane([420, 370], asPicture(view, slide, pane), { ...slide, pixelWidth: 1, pixelHeight: 1 }, pane), toPane([420.5, 370.5], view, pane)];
    expect(Math.hypot(at[0] - expected[0], at[1] - expected[1])).toBeLessThan(1e-9);
  }
});
