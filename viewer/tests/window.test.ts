import { describe, expect, it } from 'vitest';
import { DEFAULT_CHOICE, FULL_RANGE, greyAt, shownGrey, storedNodes, windowChoices } from '../src/core/display';
import { draggedWindow, dragStep, percentiles, tableNodes, windowFromLimits, windowLimits, windowNodes, windowsOf, wordsOrBytes } from '../src/core/window';
import { bitmap, dataSet, pictureOf } from './builders';

const grey = (nodes: { value: number; grey: number }[], ...values: number[]) => values.map((value) => greyAt(nodes, value));

describe('the three functions (PS3.3 C.11.2.1)', () => {
  it('LINEAR: a window of 100 at 50 runs from 0 to 99', () => expect(windowLimits({ center: 50, width: 100, function: 'LINEAR' })).toEqual([0, 99]));
  it('LINEAR: of width 1 is a threshold', () => expect(grey(windowNodes({ center: 10, width: 1, function: 'LINEAR' }), 9, 10)).toEqual([0, 1]));
  it('LINEAR_EXACT: from centre minus to centre plus half the width', () => expect(windowLimits({ center: 0.5, width: 1, function: 'LINEAR_EXACT' })).toEqual([0, 1]));
  it('SIGMOID: half grey in the middle, steep by the width', () => {
    const nodes = windowNodes({ center: 100, width: 40, function: 'SIGMOID' });
    expect(greyAt(nodes, 100)).toBeCloseTo(0.5, 6);
    expect(greyAt(nodes, 110)).toBeCloseTo(1 / (1 + Math.exp(-1)), 2);
  });
  it('knows the window of given limits', () => expect(windowLimits(windowFromLimits(-10, 250))).toEqual([-10, 250]));
});

describe('what a file brings', () => {
  it('reads tables, then windows with their explanations', () => {
    const choices = windowsOf(dataSet({ WindowCenter: [40, -600], WindowWidth: [400, 1500], WindowCenterWidthExplanation: ['SOFT', 'LUNG'], VOILUTSequence: dataSet({ LUTDescriptor: [3, 10, 8], LUTData: [0, 128, 255], LUTExplanation: 'CURVE' }) }));
    expect(choices.map(({ label }) => label)).toEqual(['CURVE', 'SOFT', 'LUNG']);
    expect(choices[0]?.table?.first).toBe(10);
  });
  it('takes the bits of a table from its entries where the descriptor is wrong', () => {
    const brightest = (bits: number, ...entries: number[]) => windowsOf(dataSet({ VOILUTSequence: dataSet({ LUTDescriptor: [2, 0, bits], LUTData: entries }) }))[0]?.table?.values[1];
    expect([brightest(16, 0, 255), brightest(8, 0, 4095), brightest(16, 0, 2 ** 16 - 1)]).toEqual([1, 1, 1]);
    expect(brightest(12, 0, 255)).toBeCloseTo(255 / 4095, 6);
  });
  it('leaves out windows without a width', () => expect(windowsOf(dataSet({ WindowCenter: 40, WindowWidth: 0 }))).toEqual([]));
  it('looks values up in a table', () => {
    const nodes = tableNodes({ first: 10, values: Float32Array.from([0, 0.5, 1]) });
    expect(grey(nodes, 5, 10, 11, 12, 99)).toEqual([0, 0, 0.5, 1, 1]);
  });
  it('reads table data as words, or as bytes where there is one for each entry', () => {
    expect([...wordsOrBytes(Uint8Array.from([1, 2, 3, 4]), 2, 16)]).toEqual([0x0201, 0x0403]);
    expect([...wordsOrBytes(Uint8Array.from([1, 2, 3, 4]), 4, 8)]).toEqual([1, 2, 3, 4]);
  });
});

describe('what is shown', () => {
  const ct = dataSet({ Modality: 'CT', RescaleSlope: 2, RescaleIntercept: -1000, WindowCenter: 40, WindowWidth: 400 });
  const pixels = bitmap(Int16Array.from([0, 500, 700, 2000]), 2);
  const show = (choice: string, source = ct) => shownGrey(pictureOf(source), pixels, 'CT', { choice, inverted: false });
  it('is the file’s first window by default', () => expect(show(DEFAULT_CHOICE).window).toMatchObject({ center: 40, width: 400 }));
  it('is a preset of the modality where chosen', () => expect(show('lung').window).toMatchObject({ center: -600, width: 1500 }));
  it('is the range of the picture in modality values where chosen', () => expect(windowLimits(show(FULL_RANGE).window ?? windowFromLimits(0, 0))).toEqual([-1000, 3000]));
  it('is automatic where the file has none', () => expect(show(DEFAULT_CHOICE, dataSet({ Modality: 'CT' })).label).toBe('Automatic'));
  it('offers the file, automatic, full range, presets in this order', () =>
    expect(windowChoices(pictureOf(ct), 'CT').map(({ id }) => id).slice(0, 5)).toEqual(['file-0', 'automatic', 'full-range', 'soft-tissue', 'lung']));

  it('comes back to stored values for the drawing', () => {
    const nodes = storedNodes([{ value: -1000, grey: 0 }, { value: 1000, grey: 1 }], pictureOf(ct), pixels, { inverted: false });
    expect(nodes.map(({ value, red }) => [value, red])).toEqual([[0, 0], [1000, 1]]);
  });
  it('is inverted for MONOCHROME1, and once more by the user', () => {
    const x = pictureOf(dataSet({ PhotometricInterpretation: 'MONOCHROME1' }));
    const first = (invert: boolean) => storedNodes([{ value: 0, grey: 0 }, { value: 9, grey: 1 }], x, pixels, { inverted: invert })[0]?.red;
    expect([first(false), first(true)]).toEqual([1, 0]);
  });
  it('keeps nodes rising under a negative slope', () => {
    const nodes = storedNodes([{ value: 0, grey: 0 }, { value: 10, grey: 1 }], pictureOf(dataSet({ RescaleSlope: -1 })), pixels, { inverted: false });
    expect(nodes.map(({ value, red }) => [value, red])).toEqual([[-10, 1], [-0, 0]]);
  });
});

describe('dragging', () => {
  it('right is wider, up is brighter', () => expect(draggedWindow({ center: 40, width: 400, function: 'LINEAR' }, 10, -5, 2)).toEqual({ center: 30, width: 420, function: 'LINEAR' }));
  it('never closes the window', () => expect(draggedWindow({ center: 0, width: 5, function: 'LINEAR' }, -99, 0, 1).width).toBe(1));
  it('goes by a 1024th of the range, whole above 1', () => expect([dragStep(4096), dragStep(3000), dragStep(512), dragStep(0)]).toEqual([4, 3, 0.5, 4]));
});

it('takes percentiles without padding', () => expect(percentiles([-2000, 0, 1, 2, 3, 4], 0, 1, 100, (value) => value === -2000)).toEqual([0, 4]));
