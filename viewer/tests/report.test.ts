import { describe, expect, it } from 'vitest';
import type { DataElement, DataSet, JsonValue } from '../src/core/dicom-json';
import { formatMoment, isReport, readReport, type ReportItem } from '../src/core/report';
import { TAGS, type Keyword } from '../src/core/tags';

type Value = JsonValue & {};
function set(values: Partial<Record<Keyword, Value | Value[]>>): DataSet {
  return Object.fromEntries(Object.entries(values).map(([keyword, value]): [string, DataElement] => [TAGS[keyword as Keyword], { vr: 'UN', Value: Array.isArray(value) ? value : [value] }]));
}
const code = (CodeMeaning: string, CodeValue = 'X'): DataSet => set({ CodeMeaning, CodeValue });
const item = (ValueType: string, name: string, more: Partial<Record<Keyword, Value | Value[]>> = {}, below: DataSet[] = []): DataSet =>
  set({ ValueType, ConceptNameCodeSequence: code(name), ...more, ...(below.length > 0 ? { ContentSequence: below } : {}) });
const read = (...content: DataSet[]): ReportItem[] => readReport(item('CONTAINER', 'Report', {}, content)).items;
const only = (content: DataSet): ReportItem => read(content)[0] as ReportItem;

describe('a report', () => {
  it('says whose word it is', () => {
    const verified = item('CONTAINER', 'Chest CT', {
      CompletionFlag: 'COMPLETE', VerificationFlag: 'VERIFIED', ContentDate: '20240307', ContentTime: '101500',
      VerifyingObserverSequence: set({ VerifyingObserverName: { Alphabetic: 'House^Gregory' }, VerificationDateTime: '20240308091000.00+0100' }),
      AuthorObserverSequence: [set({ PersonName: { Alphabetic: 'Wilson^James' }  })],
    }); // prettier-ignore
    expect(readReport(verified)).toMatchObject({ title: 'Chest CT', status: 'Complete, verified by House, Gregory, 8 Mar 2024 09:10', authors: ['Wilson, James'], date: '7 Mar 2024 10:15' });
    expect(readReport(item('CONTAINER', '', { CompletionFlag: 'PARTIAL' }))).toMatchObject({ status: 'Partial, not verified' });
    expect(isReport(verified)).toBe(true);
    expect(isReport({})).toBe(false);
  });

  it.each([
    ['TEXT', { TextValue: 'No finding.' }, 'No finding.'],
    ['CODE', { ConceptCodeSequence: code('Left lung') }, 'Left lung'],
    ['DATE', { Date: '20240307' }, '7 Mar 2024'],
    ['TIME', { Time: '101500' }, '10:15'],
    ['DATETIME', { DateTime: '20240307101500' }, '7 Mar 2024 10:15'],
    ['PNAME', { PersonName: { Alphabetic: 'House^Gregory' }  }, 'House, Gregory'],
    ['UIDREF', { UID: '1.2.3' }, '1.2.3'],
  ] as const)('shows %s', (type, values, expected) => {
    expect(only(item(type, 'Name', values))).toMatchObject({ name: 'Name', value: expected, container: false });
  });

  it('shows numbers with their units, or why there is none', () => {
    const number = (unit: DataSet): DataSet => item('NUM', 'Length', { MeasuredValueSequence: set({ NumericValue: 12.5, MeasurementUnitsCodeSequence: unit }) });
    expect(only(number(code('millimeter', 'mm'))).value).toBe('12.5 mm');
    expect(only(number(code('no units', '1'))).value).toBe('12.5');
    expect(only(number(code('events', '{events}'))).value).toBe('12.5 events');
    expect(only(item('NUM', 'Length', { NumericValueQualifierCodeSequence: code('Measurement failure') })).value).toBe('Measurement failure');
    expect(only(item('NUM', 'Length')).value).toBe('no value');
  });

  it('names images, regions and other items', () => {
    const image = item('IMAGE', 'Source', { ReferencedSOPSequence: set({ ReferencedSOPInstanceUID: '1.5', ReferencedFrameNumber: [2, 3] }) });
    expect(only(image).reference).toEqual({ SOPInstanceUID: '1.5', frames: [2, 3], isImage: true });
    expect(only(item('COMPOSITE', 'Of', { ReferencedSOPSequence: set({ ReferencedSOPInstanceUID: '1.6' }) })).reference).toMatchObject({ isImage: false });
    expect(only(item('SCOORD', 'Outline', { GraphicType: 'POLYLINE', GraphicData: [1, 1, 2, 2, 3, 1] })).kind).toBe('polyline of 3 points in the image');
    expect(only(item('SCOORD3D', 'Centre', { GraphicType: 'POINT', GraphicData: [1, 1, 2] })).kind).toBe('point in the patient');
    expect(only(set({ RelationshipType: 'INFERRED FROM', ReferencedContentItemIdentifier: [1, 2, 1] })).value).toBe('see 1.2.1');
  });

  it('keeps its order and nesting, to a bounded depth', () => {
    const tree = read(item('CONTAINER', 'Findings', {}, [item('TEXT', 'A', { TextValue: 'a' }), item('TEXT', 'B', { TextValue: 'b' })]));
    expect(tree[0]).toMatchObject({ key: '1.1', container: true, items: [{ key: '1.1.1', value: 'a' }, { key: '1.1.2', value: 'b' }] });
    let deep = item('TEXT', 'end', { TextValue: 'x' });
    for (let level = 0; level < 500; level += 1) deep = item('CONTAINER', 'level', {}, [deep]);
    expect(() => read(deep)).not.toThrow();
  });

  it('reads moments as far as they go', () => {
    expect(formatMoment('20240307')).toBe('7 Mar 2024');
    expect(formatMoment('2024')).toBe('2024');
    expect(formatMoment('')).toBe('');
  });
});
