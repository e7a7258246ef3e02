import { describe, expect, it } from 'vitest';
import { commandForKey, COMMANDS, keyName } from '../src/core/commands';
import { cornerText, nextDetail, permanentNotes } from '../src/core/corner-text';
import { dateRangeKey, formatAge, formatDate, formatTime, reachesFrom, reachOf } from '../src/core/dates';
import { readPlace, writePlace } from '../src/core/deep-link';
import { formatPersonName, inlineBytes, number, numbers } from '../src/core/dicom-json';
import { firstTool, mouseDrag, readPointer, USUAL_POINTER, wheelSteps } from '../src/core/gesture';
import { loadedRuns, loadingOrder } from '../src/core/loading-order';
import { displaySets } from '../src/core/stack';
import { ALL, studyQueries } from '../src/core/study-filter';
import { mergedRows, orderOf, readStudyRow, sortedRows, sortOf } from '../src/core/study-row';
import { matchingLines, tagLines } from '../src/core/tag-tree';
import { dataSet, slice } from './builders';

describe('person names', () => {
  it.each([
    [{ Alphabetic: 'Doe^John^Q^Dr.^Jr.' }, 'Doe Jr., Dr. John Q'],
    [{ Alphabetic: 'Doe' }, 'Doe'],
    [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }, 'Yamada, Tarou (山田 太郎)'],
    [{ Ideographic: '김희중' }, '김희중'],
    ['Hong^Gildong=洪^吉洞', 'Hong, Gildong (洪 吉洞)'],
    ['^^^', ''],
    [undefined, ''],
  ])('%j', (value, expected) => expect(formatPersonName(value)).toBe(expected));
});

describe('numbers', () => {
  it('are read from text too', () => expect(number(dataSet({ Rows: '12 ' }), 'Rows')).toBe(12));
  it('are none where they are no numbers', () => {
    expect(number(dataSet({ Rows: 'x' }), 'Rows')).toBeUndefined();
    expect(numbers(dataSet({ PixelSpacing: ['1', null] }), 'PixelSpacing')).toEqual([]);
  });
  it('come from base64', () => expect([...inlineBytes('AAECA/8=')]).toEqual([0, 1, 2, 3, 255]));
});

describe('dates', () => {
  it.each([['20240307', '7 Mar 2024'], ['2024', '2024'], ['20241340', '20241340'], ['', '']])('%s is %s', (value, expected) => expect(formatDate(value)).toBe(expected));
  it('shows times to the minute or second', () => expect([formatTime('134502.1'), formatTime('134502', true), formatTime('')]).toEqual(['13:45', '13:45:02', '']));
  it.each([
    ['19660101', '20130717', '', '47 y'], ['20130601', '20130717', '', '1 mo'], ['20130701', '20130717', '', '16 d'], ['', '20130717', '', ''],
    ['20140101', '20130717', '', ''], ['', '', '043Y', '43 y'], ['19660718', '20130717', '', '46 y'],
  ])('born %s, on %s, %s: %s', (birth, on, given, age) => expect(formatAge(birth, on, given)).toBe(age)); // prettier-ignore
  it('say how far back a list must reach to have a day', () => {
    const now = new Date(2026, 0, 31);
    expect(['20270101', '20260131', '20260125', '20260124', '20260101', '20251231', '20250131', '20210131', '20200101', ''].map((day) => reachOf(day, now))).toEqual([7, 7, 7, 31, 31, 92, 366, 1827, undefined, undefined]);
    expect(reachesFrom(31, now)).toBe('20260101');
  });
  it('become QIDO ranges', () => {
    const now = new Date(2026, 0, 3);
    expect((['today', 'yesterday', 'week', 'all'] as const).map((range) => dateRangeKey(range, now))).toEqual(['20260103', '20260102', '20251228-', '']);
  });
});

describe('study list', () => {
  const NOW = new Date(2026, 0, 3);
  it('asks once without words, once for each attribute with words', () => {
    expect(studyQueries({ ...ALL, search: ' ', modality: 'CT', range: 'today' }, NOW)).toEqual([{ StudyDate: '20260103', ModalitiesInStudy: 'CT' }]);
    const queries = studyQueries({ ...ALL, search: 'doe  jo*', status: 'report' }, NOW);
    expect(queries[0]).toEqual({ PatientName: '*doe*jo*', fuzzymatching: 'true', status: 'report' });
    expect(queries.slice(1).map((query) => Object.entries(query)[1]?.join(' '))).toEqual([
      'PatientID *doe*jo*', 'PatientID *DOE*JO*', 'AccessionNumber *doe*jo*', 'AccessionNumber *DOE*JO*',
      'StudyDescription *doe*jo*', 'StudyDescription *DOE*JO*', 'StudyDescription *Doe*Jo*',
    ]); // prettier-ignore
  });
  it('asks for an institution in the usual ways of writing, all at once', () => {
    expect(studyQueries({ ...ALL, institution: ' st. mary\\*' }, NOW)).toEqual([{ InstitutionName: '*st.*mary*\\*ST.*MARY*\\*St.*Mary*' }]);
  });
  const row = (uid: string, when: string, name = '') => readStudyRow(dataSet({ StudyInstanceUID: uid, StudyDate: when, PatientName: { Alphabetic: name } }));
  it('merges answers and sorts newest first', () => {
    const rows = mergedRows([[row('1', '20200101'), row('2', '20240101')], [row('1', '20200101')]]);
    expect(sortedRows(rows, { key: 'when', descending: true }).map((r) => r.StudyInstanceUID)).toEqual(['2', '1']);
  });
  it.each([
    [false, ['3', '1', '5', '4', '2']],
    [true, ['4', '5', '1', '3', '2']],
  ])('sorts merged answers as the archive sorts each, descending %s: no case, no accents, without a name last, equal ones by UID', (descending, order) => {
    const rows = [row('5', '', 'b'), row('2', ''), row('1', '', 'B'), row('4', '', 'Öz'), row('3', '', 'Á')];
    expect(sortedRows(rows, { key: 'name', descending }).map((r) => r.StudyInstanceUID)).toEqual(order);
  });
  it('says the order to the archive, and reads it from an address', () => {
    expect(orderOf({ key: 'when', descending: true })).toBe('');
    expect(orderOf({ key: 'when', descending: false })).toBe('StudyDate,StudyTime');
    expect(sortOf('-PatientName')).toEqual({ key: 'name', descending: true });
    expect(sortOf('-PatientWeight')).toBeUndefined();
  });
});

describe('links', () => {
  it('lead to a study, a series, an object', () =>
    expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2,1.3&SeriesInstanceUID=4&SOPInstanceUID=5')).toEqual({ page: 'viewer', studies: ['1.2', '1.3'], series: '4', instance: '5' }));
  it.each([['/', '?StudyInstanceUIDs=1.2'], ['/viewer', ''], ['/viewer', '?StudyInstanceUIDs=<script>']])('%s%s is the list', (path, query) => expect(readPlace(path, query)).toEqual({ page: 'list' }));
  it('keep the order of the list', () => {
    expect(readPlace('/', '?orderby=StudyDate,StudyTime')).toEqual({ page: 'list', sort: { key: 'when', descending: false } });
    expect(writePlace({ page: 'list', sort: { key: 'name', descending: true } }, '/imaging')).toBe('/imaging/?orderby=-PatientName');
    expect(writePlace({ page: 'list', sort: { key: 'when', descending: true } })).toBe('/');
  });
  it('come back as they were', () => {
    const place = { page: 'viewer' as const, studies: ['1.2'], series: '3', instance: '' };
    const [path = '', query = ''] = writePlace(place).split('?');
    expect(readPlace(path, `?${query}`)).toEqual(place);
  });
});

describe('commands', () => {
  const press = (key: string, modifiers = {}) => commandForKey({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...modifiers });
  it('are found by key', () => {
    expect(press('w')).toBe('tool.window');
    expect(press('R', { shiftKey: true })).toBe('view.rotateLeft');
    expect(press('?', { shiftKey: true })).toBe('panel.keys');
    expect(press(' ')).toBe('cine.toggle');
    expect(press('3')).toBe('window.preset2');
    expect(press('w', { ctrlKey: true })).toBeUndefined();
    expect(press('w', { altKey: true })).toBeUndefined();
  });
  it('have a key only once', () => {
    const keys = COMMANDS.flatMap((command) => [...command.keys]);
    expect(new Set(keys).size).toBe(keys.length);
  });
  it('are named as they are pressed', () => expect(keyName({ key: 'ArrowDown', shiftKey: true, ctrlKey: false, metaKey: false, altKey: false })).toBe('Shift+ArrowDown'));
});

describe('gestures', () => {
  it('of the mouse', () => expect([mouseDrag(0, 'window', false, false), mouseDrag(1, 'window', false, false), mouseDrag(2, 'window', false, false), mouseDrag(0, 'window', true, false), mouseDrag(0, 'window', false, true)]).toEqual(['window', 'pan', 'zoom', 'zoom', 'pan']));
  it('of the mouse as in RadiAnt: left scrolls, middle windows', () => {
    const radiant = readPointer('{"mouse":"radiant","wheelInverted":true,"levelInverted":1}');
    expect(radiant).toEqual({ mouse: 'radiant', wheelInverted: true, levelInverted: false });
    expect([firstTool(radiant, false), firstTool(USUAL_POINTER, false), firstTool(USUAL_POINTER, true)]).toEqual(['scroll', 'window', 'scroll']);
    expect([0, 1, 2].map((button) => mouseDrag(button, 'scroll', false, false, radiant.mouse))).toEqual(['scroll', 'window', 'zoom']);
    for (const nonsense of [null, '{', '[]', '"x"', '{"mouse":"x"}']) expect(readPointer(nonsense)).toEqual(USUAL_POINTER);
  });
  it('one notch is one image, ten with shift', () => expect([wheelSteps(100, 0, false), wheelSteps(-120, 0, false), wheelSteps(3, 1, false), wheelSteps(100, 0, true)]).toEqual([1, -1, 1, 10]));
  it('a trackpad gives fractions', () => expect(wheelSteps(10, 0, false)).toBeCloseTo(0.1));
});

describe('loading', () => {
  it('goes outward, first in the direction of travel', () => {
    expect(loadingOrder(2, 5)).toEqual([2, 3, 1, 4, 0]);
    expect(loadingOrder(3, 5, -1)).toEqual([3, 2, 4, 1, 0]);
    expect(loadingOrder(0, 0)).toEqual([]);
  });
  it('names the runs that are there', () => expect(loadedRuns([true, true, false, true])).toEqual([[0, 1], [3, 3]]));
});

describe('corner text', () => {
  const ct = slice({ Modality: 'CT', PatientName: { Alphabetic: 'Doe^John' }, PatientID: 'X1', StudyDate: '20240307', SeriesNumber: 4, KVP: 120, Exposure: 80, LossyImageCompression: '01', LossyImageCompressionRatio: 12 });
  const set = displaySets([ct])[0];
  const picture = set?.pictures[0];
  if (!set || !picture) throw new Error('no set');
  const input = { set, picture, index: 0, detail: 'all' as const, paneWidth: 800, scale: 1.5, window: { center: 40, width: 400, function: 'LINEAR' as const }, windowLabel: '', suv: undefined, rate: undefined };
  it('says who, when, what and how', () => {
    const text = cornerText(input);
    expect(text.topLeft.slice(0, 2)).toEqual(['Doe, John', 'X1']);
    expect(text.topRight).toEqual(['7 Mar 2024']);
    expect(text.bottomRight).toEqual(['120 kV · 80 mAs', 'CT · Series 4']);
    expect(text.bottomLeft).toEqual(['2 × 2 · 150 %', 'W 400 L 40', 'Image 1 / 1']);
  });
  it('keeps less when asked or where there is no room', () => {
    expect(cornerText({ ...input, detail: 'minimal' }).topLeft).toEqual(['Doe, John', 'X1']);
    expect(cornerText({ ...input, detail: 'none' }).topLeft).toEqual([]);
    expect(cornerText({ ...input, paneWidth: 200 }).topRight).toEqual(['7 Mar 2024']);
    expect(cornerText({ ...input, paneWidth: 100 }).topLeft).toEqual([]);
  });
  it('leaves out who it is', () => {
    const named = slice({ Modality: 'MR', PatientName: { Alphabetic: 'Doe^John' }, PatientID: 'X123', PatientAge: '043Y', PatientSex: 'M', StudyDescription: 'Head, DOE', SeriesDescription: 'x123 axial', SeriesNumber: 4 });
    const [own] = displaySets([named]);
    const [one] = own?.pictures ?? [];
    if (!own || !one) throw new Error('no set');
    for (const detail of ['all', 'minimal'] as const) {
      const lines = Object.values(cornerText({ ...input, set: own, picture: one, detail, unnamed: true })).flat().join(' ');
      expect(lines).toContain('43 y · M');
      expect(lines).not.toMatch(/doe|john|x123/i);
    }
  });
  it.each([
    [{ Modality: 'PT', RadiopharmaceuticalInformationSequence: [dataSet({ Radiopharmaceutical: 'FDG', RadionuclideTotalDose: 351_600_000 })] }, 'FDG · 352 MBq'],
    [{ Modality: 'NM', RadiopharmaceuticalInformationSequence: [dataSet({ Radiopharmaceutical: 'HDP', RadionuclideTotalDose: 700 })] }, 'HDP · 700 MBq'],
    [{ Modality: 'US', TransducerData: ['C5-1', '1234'], TransducerType: 'CURVED LINEAR', MechanicalIndex: 1.2, SoftTissueThermalIndex: 0.4 }, 'C5-1 · CURVED LINEAR'],
    [{ Modality: 'US', MechanicalIndex: 1.2, SoftTissueThermalIndex: 0.4 }, 'MI 1.2 · TIS 0.4'],
  ])('says how: %j', (attributes, line) => {
    const [own] = displaySets([slice(attributes)]);
    const [one] = own?.pictures ?? [];
    if (!own || !one) throw new Error('no set');
    expect(cornerText({ ...input, set: own, picture: one }).bottomRight).toContain(line);
  });
  it('always warns', () => expect(permanentNotes(set, picture, 'archive-drawn', false, false)).toEqual(['Drawn by the archive: no pixel values, fixed window', 'Lossy 12:1', 'Not calibrated']));
  it('goes round in three states', () => expect(nextDetail(nextDetail(nextDetail('all')))).toBe('all'));
});

describe('tags', () => {
  const nested = { '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Doe^John' }] }, '00081140': { vr: 'SQ', Value: [{ '00081155': { vr: 'UI', Value: ['1.2.3'] } }] }, '00090010': { vr: 'LO', Value: ['ACME'] }, '00091001': { vr: 'LO', Value: ['secret'] } };
  const dictionary = { '00100010': 'PN|PatientName', '00081140': 'SQ|ReferencedImageSequence', '00081155': 'UI|ReferencedSOPInstanceUID' };
  const lines = tagLines(nested, dictionary);
  it('come in order, nested ones below their item', () => expect(lines.map((line) => [line.depth, line.tag || line.keyword])).toEqual([[0, '0008,1140'], [1, 'Item 1'], [2, '0008,1155'], [0, '0009,0010'], [0, '0009,1001'], [0, '0010,0010']]));
  it('name the creator of private ones', () => expect(lines[4]).toMatchObject({ keyword: 'ACME', private: true, value: 'secret' }));
  it('are found with the lines around them', () => expect(matchingLines(lines, 'sopinstance 1.2').map((line) => line.keyword)).toEqual(['ReferencedImageSequence', 'Item 1', 'ReferencedSOPInstanceUID']));
  it('are found by tag and value', () => expect(matchingLines(lines, '00100010 doe')).toHaveLength(1));
});
