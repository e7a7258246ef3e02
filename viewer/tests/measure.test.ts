import { describe, expect, it } from 'vitest';
import { History } from '../src/core/history';
import { resultText, toCsv, toJson } from '../src/core/measure/export';
import { fromDraft, keptOf, merged, sameKept, toDraft } from '../src/core/measure/draft';
import { arrowLabel, headOf, textLines } from '../src/core/measure/arrow';
import { isLacking, leastAngle, lineTexts, partsOf, volumeTexts, withPart } from '../src/core/measure/ellipsoid';
import { thinned } from '../src/core/measure/freehand';
import { apart, labelBeside } from '../src/core/measure/label';
import { distanceToChain, outline } from '../src/core/measure/outline';
import type { Values } from '../src/core/measure/region';
import { pixelScale, scaleAt, type Scale } from '../src/core/measure/scale';
import { MEASURE_TOOLS } from '../src/core/measure/tools';
import { calibrationBy, calibrationOf, reasonAgainstCalibration, withoutReplaced } from '../src/core/measure/calibration';
import { rescaled } from '../src/core/measure/rescale';
import { home, onPlane } from '../src/core/measure/carry';
import type { Measurement, MeasureKind } from '../src/core/measure/types';
import type { ImagePlane } from '../src/core/plane';
import type { Point } from '../src/core/view';
import { dataSet, pictureOf } from './builders';

/** Columns 0.5 mm apart, rows 2 mm. */
const MM: Scale = { perColumn: 0.5, perRow: 2, unitX: 'mm', unitY: 'mm', provenance: '' };
const DETECTOR: Scale = { ...MM, provenance: 'at detector' };
const SPECTRUM: Scale = { perColumn: 0.01, perRow: 0.5, unitX: 's', unitY: 'cm/s', provenance: 'US region' };
const RAMP: Values = { columns: 10, rows: 10, unit: 'HU', at: (column, row) => 10 * row + column };

const texts = (kind: MeasureKind, points: Point[], scale = MM) => MEASURE_TOOLS[kind].texts(points, { scale, values: RAMP });

describe('lengths', () => {
  it.each([
    [MM, '10.0 mm'], [DETECTOR, '10.0 mm at detector'], [pixelScale(), '12.4 px'], [SPECTRUM, '0.12 s · 2 cm/s'],
  ] as const)('by scale %#', (scale, text) => expect(texts('length', [[0, 0], [12, scale === pixelScale() ? 0 : scale.unitX === 'mm' ? 4 : scale.unitX === 's' ? 4 : 3]], scale)).toEqual([text]));
});

describe('angles are those of the patient, not of the pixels', () => {
  it.each([
    [[[4, 0], [0, 0], [4, 1]], '45.0°'], [[[4, 0], [0, 0], [-4, 0]], '180.0°'], [[[0, -1], [0, 0], [4, 0]], '90.0°'],
  ] as [Point[], string][])('%j', (points, text) => expect(texts('angle', points)).toEqual([text]));
  it('have no meaning in a spectrum', () => expect(texts('angle', [[4, 0], [0, 0], [4, 1]], SPECTRUM)).toEqual(['no angle here']));
  it.each([
    [[[0, 0], [8, 0], [0, 3], [4, 4]], '45.0°'], [[[0, 0], [8, 0], [4, 4], [0, 3]], '45.0°'], [[[0, 0], [8, 0], [4, 4], [0, 4]], '0.0°'],
  ] as [Point[], string][])('Cobb, the smaller one: %j', (points, text) => expect(texts('cobb', points)).toEqual([text]));
});

describe('bidirectional', () => {
  const tool = MEASURE_TOOLS.bidirectional;
  const drawn = tool.complete?.([[0, 0], [40, 0]], MM) ?? [];
  it('crosses at right angles with half the length at first', () => expect(texts('bidirectional', drawn)).toEqual(['20.0 × 10.0 mm']));
  it('keeps the right angle in mm when an end moves', () => {
    const [a, b, c, d] = tool.move(drawn, 1, [20, 5], MM) as [Point, Point, Point, Point];
    const dot = (b[0] - a[0]) * 0.5 * (d[0] - c[0]) * 0.5 + (b[1] - a[1]) * 2 * (d[1] - c[1]) * 2;
    expect(dot).toBeCloseTo(0, 8);
  });
  it('lets one end of the short axis move alone', () => {
    const moved = tool.move(drawn, 3, [10, 4], MM);
    expect(texts('bidirectional', moved)).toEqual(['20.0 × 13.0 mm']);
  });
});

describe('regions', () => {
  it('rectangle: the pixels whose middle is inside', () => {
    // Columns 2..4, rows 3..4: 32 33 34 42 43 44
    expect(texts('rectangle', [[1.5, 2.5], [4.5, 4.5]])).toEqual(['38.0 HU ± 5.1', 'min 32 · max 44', 'Area 6.0 mm²']);
  });
  it('ellipse', () => expect(texts('ellipse', [[2, 2], [6, 6]])).toEqual(['44.0 HU ± 10.4', 'min 24 · max 64', 'Area 12.6 mm²']));
  it('circle: round in mm', () => {
    // Radius 2 mm: 4 columns, 1 row.
    expect(MEASURE_TOOLS.circle.shapes([[5, 5], [9, 5]], MM)).toEqual([{ kind: 'ellipse', from: [1, 4], to: [9, 6] }]);
    expect(texts('circle', [[5, 5], [9, 5]])[2]).toBe('Area 12.6 mm²');
  });
  it('in cm² when large, in px² without spacing', () => {
    expect(texts('rectangle', [[0, 0], [20, 10]])[2]).toBe('Area 2.00 cm²');
    expect(texts('rectangle', [[0, 0], [20, 10]], pixelScale())[2]).toBe('Area 200 px²');
  });
  it('drawn by hand: the pixels whose middle is inside, whichever way round, hollows left out', () => {
    const square: Point[] = [[1.5, 2.5], [4.5, 2.5], [4.5, 4.5], [1.5, 4.5]];
    for (const points of [square, [...square].reverse()]) expect(texts('freehand', points)).toEqual(['38.0 HU ± 5.1', 'min 32 · max 44', 'Area 6.0 mm²']);
    // Without column 3, row 3: 32 34 42 43 44
    expect(texts('freehand', [[1.5, 2.5], [2.5, 2.5], [2.5, 3.5], [3.5, 3.5], [3.5, 2.5], [4.5, 2.5], [4.5, 4.5], [1.5, 4.5]])).toEqual(['39.0 HU ± 5.0', 'min 32 · max 44', 'Area 5.0 mm²']);
    expect(thinned(Array.from({ length: 1000 }, (_, index): Point => [index, 0]))).toHaveLength(400);
  });
  it('without pixels say only their area', () => expect(texts('rectangle', [[20, 20], [21, 22]])).toEqual(['Area 2.0 mm²']));
});

it('a probe tells the value of the nearest pixel', () => expect(texts('probe', [[3.4, 6.6]])).toEqual(['73 HU', '(3, 7)']));

describe('scale', () => {
  const region = (x0: number, x1: number, units: number, delta: number) =>
    dataSet({ RegionSpatialFormat: 1, RegionLocationMinX0: x0, RegionLocationMinY0: 0, RegionLocationMaxX1: x1, RegionLocationMaxY1: 9, PhysicalUnitsXDirection: units, PhysicalUnitsYDirection: units === 4 ? 7 : units, PhysicalDeltaX: delta, PhysicalDeltaY: delta });
  const us = pictureOf(dataSet({ SequenceOfUltrasoundRegions: [region(0, 9, 3, 0.1), region(10, 19, 4, 0.5)] }));
  it('is of the region that holds all points', () => {
    expect(scaleAt(us, [[1, 1], [8, 8]], 1)).toMatchObject({ perColumn: 1, unitX: 'mm', provenance: 'US region' });
    expect(scaleAt(us, [[11, 1], [12, 8]], 1)).toMatchObject({ perColumn: 0.5, unitX: 's', unitY: 'cm/s' });
    expect(scaleAt(us, [[1, 1], [12, 8]], 1)).toMatchObject({ unitX: 'px' });
  });
  it('is pixels in their shape without spacing', () => expect(scaleAt(pictureOf(dataSet({})), [[0, 0]], 2)).toEqual(pixelScale(2)));
});

describe('labels', () => {
  const pane = { width: 400, height: 300 };
  it('stand beside the shape, never on it', () => {
    expect(labelBeside([[100, 100], [150, 160]], ['12 mm'], pane).x).toBeGreaterThan(150);
    const left = labelBeside([[300, 100], [390, 160]], ['12 mm'], pane);
    expect(left.x + left.width).toBeLessThan(300);
    expect(labelBeside([[5, 100], [395, 160]], ['12 mm'], pane).y).toBeGreaterThan(160);
    const above = labelBeside([[5, 100], [395, 295]], ['12 mm'], pane);
    expect(above.y + above.height).toBeLessThan(100);
  });
});

it('outlines are hit where they run', () => {
  const ring = outline({ kind: 'ellipse', from: [0, 0], to: [20, 10] });
  expect(distanceToChain(ring, [0, 5])).toBeCloseTo(0);
  expect(distanceToChain(ring, [10, 5])).toBeCloseTo(5, 1);
});

it('history goes back and forth; a new step forgets the undone', () => {
  const history = new History(1);
  history.push(2);
  history.push(3);
  expect([history.undo(), history.undo(), history.undo(), history.now]).toEqual([true, true, false, 1]);
  expect([history.redo(), history.now]).toEqual([true, 2]);
  history.push(5);
  expect([history.redo(), history.now]).toEqual([false, 5]);
});

describe('measurements lie in the patient', () => {
  const axial: ImagePlane = { origin: [0, 0, 10], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 0.5, rowStep: 2, columns: 100, rows: 100, FrameOfReferenceUID: '1.9' };
  const finer: ImagePlane = { ...axial, origin: [5, 4, 10], columnStep: 0.25, rowStep: 0.5 };
  const coronal: ImagePlane = { ...axial, origin: [0, 8, 50], column: [0, 0, -1], normal: [0, 1, 0], rowStep: 1 };
  const line: Measurement = { id: 'm1', kind: 'length', pictureId: 'a', points: [[20, 4], [60, 4]], plane: axial };
  it('is moved up or down where another lies, unless it was put there', () => {
    const [size, pane] = [{ width: 80, height: 20 }, { width: 200, height: 100 }];
    const tops = (...boxes: [number, number, boolean?][]): number[] => apart(boxes.map(([x, y, fixed = false]) => ({ box: { x, y, ...size }, fixed })), pane).map(({ y }) => y);
    expect(tops([0, 50], [10, 55], [100, 55])).toEqual([50, 72, 55]);
    expect(tops([0, 50], [10, 45])).toEqual([50, 28]);
    expect(tops([0, 80], [0, 79, true])).toEqual([57, 79]);
    expect(tops([0, 0], [0, 10], [0, 10], [0, 10], [0, 10])).toEqual([0, 22, 44, 66, 10]);
  });

  it('show on every picture that holds all their points', () => {
    expect(onPlane(line, finer)?.points).toEqual([[20, 8], [100, 8]]);
    expect(onPlane(line, coronal)?.points).toEqual([[20, 40], [60, 40]]);
    expect(onPlane({ ...line, points: [[20, 4], [60, 5]] }, coronal)).toBeUndefined();
    expect(onPlane(line, { ...finer, origin: [5, 4, 12] })).toBeUndefined();
    expect(onPlane(line, { ...finer, FrameOfReferenceUID: '1.8' })).toBeUndefined();
  });
  it('regions only where the axes are the same', () => {
    expect(onPlane({ ...line, kind: 'ellipse' }, finer)).toBeDefined();
    expect(onPlane({ ...line, kind: 'ellipse' }, coronal)).toBeUndefined();
  });
  it('are changed from there on the picture they were drawn on', () => {
    const there = onPlane(line, coronal);
    expect(there && home({ ...there, points: [[22, 40], [60, 40]] }, coronal, line).points).toEqual([[22, 4], [60, 4]]);
    expect(there && home({ ...there, points: [[22, 30], [60, 40]] }, coronal, line)).toEqual(line);
  });
});

describe('results as numbers', () => {
  const values = (kind: MeasureKind, points: Point[], scale = MM) => MEASURE_TOOLS[kind].values(points, { scale, values: RAMP }).map(({ quantity, value, unit }) => [quantity, Math.round(value * 10) / 10, unit]);
  it.each([
    ['length', [[0, 0], [12, 4]], MM, [['length', 10, 'mm']]],
    ['length', [[0, 0], [12, 4]], SPECTRUM, []],
    ['angle', [[4, 0], [0, 0], [4, 1]], MM, [['angle', 45, '°']]],
    ['cobb', [[0, 0], [8, 0], [0, 3], [4, 4]], MM, [['angle', 45, '°']]],
    ['bidirectional', [[0, 0], [0, 5], [-4, 2], [36, 2]], MM, [['length', 20, 'mm'], ['width', 10, 'mm']]],
    ['rectangle', [[1.5, 1.5], [3.5, 2.5]], MM, [['mean', 22.5, 'HU'], ['deviation', 0.5, 'HU'], ['minimum', 22, 'HU'], ['maximum', 23, 'HU'], ['area', 2, 'mm²']]],
    ['rectangle', [[1.5, 1.5], [3.5, 2.5]], SPECTRUM, [['mean', 22.5, 'HU'], ['deviation', 0.5, 'HU'], ['minimum', 22, 'HU'], ['maximum', 23, 'HU']]],
    ['probe', [[3, 4]], MM, [['value', 43, 'HU']]],
  ] as [MeasureKind, Point[], Scale, unknown[]][])('%s %j', (kind, points, scale, wanted) => expect(values(kind, points, scale)).toEqual(wanted));
});

describe('drafts', () => {
  const image = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3', SOPInstanceUID: '1.2.3.4', frame: 1, reformatted: false };
  const item = (id: string, x = 0): Measurement => ({ id, kind: 'probe', pictureId: '1.2.3.4/1', points: [[x, 0]], image, values: [{ quantity: 'value', value: x, unit: 'HU' }] });
  const ids = (items: readonly Measurement[]): string[] => items.map(({ id, points }) => `${id}${points[0]?.[0] ?? ''}`);

  it('are the same after the way to the archive and back', () => {
    const sent = JSON.parse(JSON.stringify(toDraft(item('a', 3)))) as ReturnType<typeof toDraft>;
    delete sent.image.reformatted;
    expect(sameKept(keptOf([fromDraft(sent, '1.2')]), keptOf([item('a', 3)]))).toBe(true);
    expect(sameKept(keptOf([item('a', 3)]), keptOf([item('a', 4)]))).toBe(false);
  });

  it.each([
    ['new on both sides', [], [item('b')], [item('a')], ['a0', 'b0']],
    ['moved there', [item('a')], [item('a', 5)], [item('a')], ['a5']],
    ['moved here', [item('a')], [item('a')], [item('a', 5)], ['a5']],
    ['moved on both sides: here wins', [item('a')], [item('a', 4)], [item('a', 5)], ['a5']],
    ['deleted there', [item('a'), item('b')], [item('b')], [item('a'), item('b')], ['b0']],
    ['deleted here', [item('a'), item('b')], [item('a'), item('b')], [item('b')], ['b0']],
  ] as [string, Measurement[], Measurement[], Measurement[], string[]][])('merge what is %s', (_, base, theirs, ours, wanted) => expect(ids(merged(keptOf(base), theirs, ours))).toEqual(wanted));

  it('leave undo and redo with what others did', () => {
    const history = new History<number[]>([]);
    history.push([1]);
    history.push([1, 2]);
    history.undo();
    history.rewrite((items) => [...items, 9]);
    expect(history.now).toEqual([1, 9]);
    history.redo();
    expect(history.now).toEqual([1, 2, 9]);
    history.undo();
    history.undo();
    expect(history.now).toEqual([9]);
  });
});

describe('the list', () => {
  const image = { StudyInstanceUID: '1', SeriesInstanceUID: '1.2', SOPInstanceUID: '1.2.3', frame: 2, reformatted: false };
  const one: Measurement = { id: 'a', kind: 'bidirectional', pictureId: 'p', points: [[1, 2]], image, name: '=1+"x"', source: 'at detector', values: [{ quantity: 'length', value: 30, unit: 'mm' }, { quantity: 'width', value: 15.04, unit: 'mm' }] };
  it('says results in a line', () => expect(resultText(one)).toBe('30.0 mm × 15.0 mm'));
  it('is CSV with a line for each result, and no formulas', () => {
    const [, first, second, end] = toCsv([one]).split('\r\n');
    expect(first).toBe('"\'=1+""x""",bidirectional,length,30,mm,at detector,1,1.2,1.2.3,2,1.00 2.00');
    expect([second?.includes(',width,15.04,mm,'), end]).toEqual([true, '']);
  });
  it('is JSON', () => expect(JSON.parse(toJson([one]))).toEqual([{ id: 'a', kind: 'bidirectional', name: one.name, values: one.values, source: 'at detector', ...image, points: [[1, 2]] }]));
});

describe('calibration by hand', () => {
  const film = (uid: string, more = {}) => pictureOf(dataSet({ SOPInstanceUID: uid, SeriesInstanceUID: '1.2', Rows: 100, Columns: 80, ...more }));
  const picture = film('1.2.1');
  const image = { StudyInstanceUID: '1', SeriesInstanceUID: '1.2', SOPInstanceUID: '1.2.1', frame: 1, reformatted: false };
  const line = (id: string, known: number, series: boolean, more = {}): Measurement => ({ id, kind: 'calibration', pictureId: picture.id, points: [[0, 0], [30, 40]], image: { ...image, ...more }, ...said(known, series) });
  const said = (known: number, series: boolean) => {
    const calibration = calibrationBy([[0, 0], [30, 40]], known, series, picture, 1);
    return calibration ? { calibration } : {};
  };
  const drawn: Measurement = { id: 'm', kind: 'rectangle', pictureId: picture.id, points: [[0, 0], [10, 10]], image, values: [{ quantity: 'mean', value: 7, unit: '' }, { quantity: 'area', value: 100, unit: 'px²' }], source: '' };

  it('says what a pixel is worth, with the shape that the file gives it', () => {
    expect(calibrationBy([[0, 0], [30, 40]], 25, false, picture, 1)).toEqual({ known: 25, series: false, columns: 80, rows: 100, columnSpacing: 0.5, rowSpacing: 0.5 });
    expect(calibrationBy([[0, 0], [0, 10]], 40, false, picture, 2)).toMatchObject({ columnSpacing: 2, rowSpacing: 4 });
    expect(calibrationBy([[5, 5], [5, 5]], 40, false, picture, 1)).toBeUndefined();
  });
  it('holds for its image, before that of its series, which holds for images as large', () => {
    const both = [line('a', 25, false), line('b', 50, true)];
    const known = (one: ReturnType<typeof film>): number | undefined => calibrationOf(both, one)?.known;
    expect([known(picture), known(film('1.2.2')), known(film('1.2.3', { Rows: 99 })), known(film('1.2.4', { SeriesInstanceUID: '1.3' }))]).toEqual([25, 50, undefined, undefined]);
  });
  it('takes the place of an earlier one of the same image, or of all of the series', () => {
    const there = [line('a', 25, false), line('b', 25, false, { SOPInstanceUID: '1.2.2' }), line('c', 25, true), drawn];
    expect(withoutReplaced(there, line('d', 9, false)).map(({ id }) => id)).toEqual(['b', 'c', 'm']);
    expect(withoutReplaced(there, line('d', 9, true)).map(({ id }) => id)).toEqual(['m']);
  });
  it('is refused where the patient or an ultrasound region gives the scale', () => {
    expect(reasonAgainstCalibration(picture)).toBe('');
    expect(reasonAgainstCalibration({ ...film('1.2.5', { PixelSpacing: [1, 1] }), position: [0, 0, 0], orientation: { row: [1, 0, 0], column: [0, 1, 0] } })).toContain('patient');
  });
  it('changes areas and lengths and their source, never values of pixels; and back', () => {
    const find = (id: string) => (id === picture.id ? picture : undefined);
    const [, by] = rescaled([line('a', 25, false), drawn], find);
    expect(by).toMatchObject({ source: 'calibrated by hand', values: [{ quantity: 'mean', value: 7 }, { quantity: 'area', value: 25, unit: 'mm²' }], calibration: { known: 25 } });
    const [back] = rescaled([by as Measurement], find);
    expect(back).toEqual(drawn);
    expect(rescaled([by as Measurement], () => undefined)).toEqual([by]);
  });
  it('is kept, listed and exported', () => {
    const one = line('a', 25, true);
    const sent = JSON.parse(JSON.stringify(toDraft(one))) as ReturnType<typeof toDraft>;
    expect(sameKept(keptOf([fromDraft(sent, '1')]), keptOf([one]))).toBe(true);
    expect(sameKept(keptOf([one]), keptOf([line('a', 26, true)]))).toBe(false);
    expect(resultText(one)).toBe('25.0 mm known, whole series');
    expect(toCsv([one]).split('\r\n')[1]).toContain('calibration,length,25,mm,calibrated by hand');
  });
});

describe('an arrow', () => {
  const pane = { width: 400, height: 300 };
  it('has a head whose sides are equally far from the line', () => {
    const [left, tip, right] = headOf([100, 100], [200, 150]) as [Point, Point, Point];
    expect(tip).toEqual([100, 100]);
    const aside = ([x, y]: Point): number => ((y - 100) * 100 - (x - 100) * 50) / Math.hypot(100, 50);
    expect(aside(left)).toBeCloseTo(-aside(right));
    expect(Math.hypot(left[0] - 100, left[1] - 100)).toBeCloseTo(13);
    expect(headOf([1, 1], [1, 1])).toEqual([]);
  });
  it('has its text beyond the end of the line, inside the pane', () => {
    expect(arrowLabel([[100, 100], [200, 100]], ['Lesion'], pane).x).toBeGreaterThanOrEqual(200);
    const left = arrowLabel([[200, 100], [100, 100]], ['Lesion'], pane);
    expect(left.x + left.width).toBeLessThanOrEqual(100);
    const edge = arrowLabel([[200, 100], [399, 100]], ['Lesion'], pane);
    expect(edge.x + edge.width).toBe(400);
    const below = arrowLabel([[100, 50], [110, 100]], ['Lesion'], pane);
    expect(below.y).toBeGreaterThanOrEqual(100);
    const alone = arrowLabel([[200, 100]], ['Lesion'], pane);
    expect([alone.x + alone.width / 2, alone.y + alone.height / 2]).toEqual([200, 100]);
  });
  it('breaks long texts between words, and those without spaces anywhere', () => {
    expect(textLines('new since 2024, suspected metastasis; control in 3 months')).toEqual(['new since 2024, suspected', 'metastasis; control in 3 months']);
    expect(textLines('肺'.repeat(70)).map(({ length }) => length)).toEqual([32, 32, 6]);
    expect(textLines('  ')).toEqual([]);
  });
  it('is listed and exported by its text, without who the patient is', () => {
    const item: Measurement = { id: '1', kind: 'arrow', pictureId: 'a', points: [[0, 0], [4, 0]], name: 'Nodule of Doe' };
    expect(resultText(item)).toBe('Nodule of Doe');
    const about = dataSet({ PatientName: 'Doe^Jane' });
    expect(toCsv([item], about)).toContain('Nodule of ');
    expect(toCsv([item], about)).not.toContain('Doe');
    expect(toDraft(fromDraft(toDraft(item), '1.2'))).toEqual(toDraft(item));
  });
});

describe('an ellipsoid', () => {
  const axial: ImagePlane = { FrameOfReferenceUID: '1', origin: [0, 0, 0], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 0.5, rowStep: 2, columns: 64, rows: 64 };
  const sagittal: ImagePlane = { ...axial, row: [0, 1, 0], column: [0, 0, -1], normal: [-1, 0, 0], columnStep: 1, rowStep: 1 };
  const image = (SOPInstanceUID: string) => ({ StudyInstanceUID: '9', SeriesInstanceUID: '8', SOPInstanceUID, frame: 1, reformatted: false });
  const line = (uid: string, plane: ImagePlane, points: Point[], scale: Scale, more: Partial<Measurement> = {}): Measurement => ({ id: uid, kind: 'ellipsoid', pictureId: `${uid}/1`, image: image(uid), plane, points, values: MEASURE_TOOLS.ellipsoid.values(points, { scale, values: RAMP }), source: scale.provenance, ...more });
  const first = withPart(line('a', axial, [[0, 0], [80, 0]], MM, { name: 'Prostate' }), 0, line('a', axial, [[0, 0], [80, 0]], MM));
  const square: Scale = { ...MM, perColumn: 1, perRow: 1 };
  const second = withPart(first, 1, line('b', axial, [[20, 0], [20, 15]], MM));
  const whole = withPart(second, 2, line('c', sagittal, [[5, 0], [5, 25]], square));
  const values = (item: Measurement) => Object.fromEntries((item.values ?? []).map(({ quantity, value, unit }) => [quantity, `${value.toFixed(3)} ${unit}`]));

  it('has π/6 of the product of three diameters in any pictures, in ml', () => {
    expect(values(whole)).toEqual({ length: '40.000 mm', width: '30.000 mm', height: '25.000 mm', volume: `${((Math.PI / 6) * 30).toFixed(3)} ml` });
    expect(volumeTexts(whole)).toEqual(['Volume 15.7 ml', '0.52 (π/6) × 40.0 × 30.0 × 25.0 mm']);
    expect(partsOf(whole).map(({ pictureId, values: own }) => [pictureId, own?.[0]?.value])).toEqual([['a/1', 40], ['b/1', 30], ['c/1', 25]]);
    expect([first, second, whole].map(isLacking)).toEqual([true, true, false]);
    expect(whole).toMatchObject({ id: 'a', name: 'Prostate', pictureId: 'a/1' });
  });
  it('says what is missing, and beside which line it stands', () => {
    expect(lineTexts(first, 0, '40.0 mm')).toEqual(['D1 40.0 mm', '2 more diameters for a volume, in any image']);
    expect(lineTexts(second, 0, '40.0 mm')).toEqual(['D1 40.0 mm']);
    expect(lineTexts(second, 1, '30.0 mm')).toEqual(['D2 30.0 mm', '1 more diameter for a volume, in any image']);
    expect(lineTexts(whole, 2, '25.0 mm')[1]).toBe('Volume 15.7 ml');
    const near = withPart(second, 2, { ...line('c', sagittal, [[5, 0], [5, 25]], square), pictureId: 'a/1' });
    expect(lineTexts(near, 2, '25.0 mm')).toEqual(['D3 25.0 mm']);
  });
  it('has no volume without millimetres, and names where they come from', () => {
    const pixels = withPart(second, 2, line('c', sagittal, [[5, 0], [5, 25]], pixelScale()));
    expect(values(pixels)).not.toHaveProperty('volume');
    expect(volumeTexts(pixels)).toEqual(['No volume: not all diameters are in mm']);
    expect(resultText(withPart(second, 2, line('c', sagittal, [[5, 0], [5, 25]], { ...square, provenance: 'at detector' })))).toBe('Volume 15.7 ml · 0.52 (π/6) × 40.0 × 30.0 × 25.0 mm at detector');
  });
  it('says when two diameters are not at right angles', () => {
    expect(leastAngle(whole)).toBeCloseTo(90);
    const tilted = withPart(second, 2, line('c', sagittal, [[0, 0], [20, 20]], square));
    expect(volumeTexts(tilted)[2]).toBe('Diameters not at right angles: 45°');
    expect(leastAngle(withPart(second, 2, line('c', { ...sagittal, FrameOfReferenceUID: '2' }, [[0, 0], [20, 20]], square)))).toBeCloseTo(90);
  });
  it('is kept, merged and exported with all its lines', () => {
    const draft = toDraft(whole);
    expect(toDraft(fromDraft(draft, '9'))).toEqual(draft);
    expect(fromDraft(draft, '9').further?.[1]?.image).toEqual(image('c'));
    expect(sameKept(keptOf([whole]), keptOf([fromDraft(draft, '9')]))).toBe(true);
    const moved = withPart(whole, 2, line('c', sagittal, [[5, 0], [5, 26]], square));
    expect(sameKept(keptOf([whole]), keptOf([moved]))).toBe(false);
    const rows = toCsv([whole]).trim().split('\r\n');
    expect(rows.map((row) => row.split(',').slice(2, 3).concat(row.split(',').slice(8, 9)))).toEqual([['quantity', 'SOPInstanceUID'], ['length', 'a'], ['width', 'b'], ['height', 'c'], ['volume', 'a']]);
    expect(JSON.parse(toJson([whole]))).toMatchObject([{ further: [{ SOPInstanceUID: 'b' }, { SOPInstanceUID: 'c', points: [[5, 0], [5, 25]] }] }]);
  });
  it('follows a calibration by hand, each line by that of its picture', () => {
    const film = pictureOf(dataSet({ Columns: 64, Rows: 64, SOPInstanceUID: 'c', SeriesInstanceUID: '8' }));
    const known = calibrationBy([[0, 0], [10, 0]], 20, false, film, 1);
    const ruler: Measurement = { id: 'r', kind: 'calibration', pictureId: film.id, points: [[0, 0], [10, 0]], image: image(film.instance.SOPInstanceUID), ...(known ? { calibration: known } : {}) };
    const flat = partsOf(line('c', sagittal, [[5, 0], [5, 25]], pixelScale()))[0] as Measurement;
    delete (flat as { plane?: ImagePlane }).plane;
    const item = withPart(second, 2, { ...flat, pictureId: film.id });
    const [, now] = rescaled([ruler, item], (id) => (id === film.id ? film : undefined));
    expect(now && values(now)).toMatchObject({ width: '30.000 mm', height: '50.000 mm', volume: `${((Math.PI / 6) * 60).toFixed(3)} ml` });
    expect(now?.further?.[1]).toMatchObject({ source: 'calibrated by hand', calibration: { known: 20 } });
  });
});
