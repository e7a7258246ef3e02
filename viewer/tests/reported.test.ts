import { describe, expect, it } from 'vitest';
import type { DataSet } from '../src/core/dicom-json';
import { linesOf, pixelsOf, readReported } from '../src/core/measure/reported';
import { planeOf } from '../src/core/plane';
import { displaySets, type Picture } from '../src/core/stack';
import { dataSet, slice } from './builders';

const code = (CodeValue: string, CodeMeaning = CodeValue): DataSet => dataSet({ CodeValue, CodeMeaning });
const item = (ValueType: string, concept: string, more: Parameters<typeof dataSet>[0] = {}, below: DataSet[] = []): DataSet =>
  dataSet({ ValueType, ConceptNameCodeSequence: code(concept), ...more, ...(below.length > 0 ? { ContentSequence: below } : {}) });
const image = (uid: string, frames: number[] = []): DataSet => item('IMAGE', '', { ReferencedSOPSequence: dataSet({ ReferencedSOPInstanceUID: uid, ...(frames.length > 0 ? { ReferencedFrameNumber: frames } : {}) }) });
const num = (concept: string, value: number, unit: string, below: DataSet[] = []): DataSet =>
  item('NUM', concept, { MeasuredValueSequence: dataSet({ NumericValue: value, MeasurementUnitsCodeSequence: code(unit) }) }, below);
const flat = (GraphicType: string, GraphicData: number[], target: DataSet): DataSet => item('SCOORD', '111030', { GraphicType, GraphicData }, [target]);
const spatial = (GraphicData: number[], uid = '7'): DataSet => item('SCOORD3D', '', { GraphicType: 'POLYLINE', GraphicData, ReferencedFrameOfReferenceUID: uid });
const report = (...content: DataSet[]): DataSet => item('CONTAINER', '126000', { SOPInstanceUID: '5', SeriesDescription: 'Follow-up', Manufacturer: 'ACME' }, content);
const group = (...content: DataSet[]): DataSet => item('CONTAINER', '125007', {}, content);
const picture = (values: Parameters<typeof slice>[0]): Picture => displaySets([slice({ PixelSpacing: [2, 0.5], FrameOfReferenceUID: '7', ...values })])[0]?.pictures[0] as Picture;

describe('measurements of reports', () => {
  it('are groups with results and each place once', () => {
    const place = flat('POLYLINE', [1, 2, 4, 2], image('1.1'));
    const read = readReported(report(item('CONTAINER', '126010', {}, [group(item('TEXT', '112039', { TextValue: 'Lesion 1' }), num('Length', 12.345, 'mm', [place]), num('Area', 3, 'mm2', [place]))])));
    expect(read).toMatchObject({ SOPInstanceUID: '5', title: 'Follow-up · ACME' });
    expect(read?.measurements).toEqual([{ id: '5.1.1', name: 'Lesion 1', results: ['Length 12.35 mm', 'Area 3 mm²'], places: [{ graphic: 'POLYLINE', points: [[1, 2], [4, 2]], FrameOfReferenceUID: '', SOPInstanceUID: '1.1', frames: [], origin: '' }] }]);
  });

  it('say how a value was derived', () => {
    const derived = num('SUVbw', 12.03, '{SUVbw}g/ml', [item('CODE', '121401', { ConceptCodeSequence: code('126031', 'Peak Value Within ROI') })]);
    expect(readReported(report(group(derived, num('Volume', 20, 'ml'))))?.measurements[0]?.results).toEqual(['SUVbw Peak Value Within ROI 12.03 g/ml', 'Volume 20 ml']);
  });

  it('are named by their finding where the tracking identifier is no name', () => {
    const named = group(item('TEXT', '112039', { TextValue: 'c7f1ecdc8b394d4ab1f5' }), item('CODE', '121071', { ConceptCodeSequence: code('N', 'Nodule') }), num('Mean', 1, '1'));
    expect(readReported(report(named))?.measurements[0]).toMatchObject({ name: 'Nodule', results: ['Mean 1'], places: [] });
  });

  it('are arrows where a line begins at a point, with their comment as text', () => {
    const [tip, line] = [flat('POINT', [1, 2], image('1.1')), flat('POLYLINE', [1, 2, 8, 2], image('1.1'))];
    const named = (text: string, ...more: DataSet[]) => readReported(report(group(item('TEXT', '112039', { TextValue: text }), tip, ...more)))?.measurements[0];
    const comment = item('TEXT', '121106', { TextValue: 'Nodule?' });
    expect(named('Nodule?', line, comment)).toMatchObject({ name: 'Nodule?', results: [], arrow: 'Nodule?' });
    expect(named('Arrow', line)).toMatchObject({ name: 'Arrow', results: [], arrow: '' });
    expect(named('Lesion 1', comment)).toMatchObject({ name: 'Lesion 1', results: ['Nodule?'] });
    expect(named('Nodule?', comment)).toMatchObject({ results: [], arrow: 'Nodule?', places: [{ graphic: 'POINT' }] });
    expect(named('Nodule?', comment, num('Length', 7, 'mm'))).not.toHaveProperty('arrow');
    expect(named('Lesion 1', line, num('Length', 7, 'mm'))).not.toHaveProperty('arrow');
    expect(named('Lesion 1', comment)).not.toHaveProperty('arrow');
  });

  it('are results with a place outside of groups, also by reference', () => {
    const byReference = dataSet({ ReferencedContentItemIdentifier: [1, 1] });
    const read = readReported(report(image('1.1', [2]), num('Diameter', 4, 'cm', [flat('CIRCLE', [5, 5, 7, 5], byReference)]), num('Age', 40, 'a')));
    expect(read?.measurements).toMatchObject([{ results: ['Diameter 4 cm'], places: [{ SOPInstanceUID: '1.1', frames: [2] }] }]);
    expect(readReported(report(num('Age', 40, 'a')))).toBeUndefined();
  });

  it('lie on the image they name, or where the patient has them', () => {
    const [near, far] = [picture({ SOPInstanceUID: '1.1', ImagePositionPatient: [10, 20, 30] }), picture({ SOPInstanceUID: '1.3', ImagePositionPatient: [10, 20, 32] })];
    const [there] = readReported(report(group(spatial([11, 24, 30, 13, 24, 30.2]), flat('POINT', [3.5, 1.5], image('1.3')))))?.measurements ?? [];
    const [first, second] = there?.places ?? [];
    expect(first && pixelsOf(first, near, planeOf(near))).toEqual([[2, 2], [6, 2]]);
    expect(first && pixelsOf(first, far, planeOf(far))).toBeUndefined();
    expect(first && pixelsOf({ ...first, FrameOfReferenceUID: '8' }, near, planeOf(near))).toBeUndefined();
    expect(second && pixelsOf(second, far, undefined)).toEqual([[3, 1]]);
    expect(second && pixelsOf(second, near, undefined)).toBeUndefined();
    expect(second && pixelsOf({ ...second, frames: [2] }, far, undefined)).toBeUndefined();
  });

  it('are drawn as their graphic says', () => {
    expect(linesOf('POLYGON', [[0, 0], [1, 0], [1, 1]])).toEqual([[[0, 0], [1, 0], [1, 1], [0, 0]]]);
    expect(linesOf('MULTIPOINT', [[0, 0], [1, 0]])).toEqual([[[0, 0]], [[1, 0]]]);
    const [ellipse = []] = linesOf('ELLIPSE', [[0, 5], [10, 5], [5, 3], [5, 7]]);
    const [xs, ys] = [ellipse.map(([x]) => x), ellipse.map(([, y]) => y)];
    expect([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)].map(Math.round)).toEqual([0, 10, 3, 7]);
    const [circle = []] = linesOf('CIRCLE', [[2, 2], [2, 5]]);
    expect(circle.every(([x, y]) => Math.abs(Math.hypot(x - 2, y - 2) - 3) < 1e-9)).toBe(true);
  });
});
