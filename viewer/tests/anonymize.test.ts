import { describe, expect, it } from 'vitest';
import { boxBetween, described, keyed, moved, newBox, resized } from '../src/core/anonymize/boxes';
import { alike, areasOf, begun, fate, inWords, type SeriesPreview } from '../src/core/anonymize/decisions';

const SIZE = { rows: 60, columns: 80 };
const BOX = { left: 10, top: 20, right: 30, bottom: 25 };
const SERIES: SeriesPreview = {
  SeriesInstanceUID: '1', SOPInstanceUID: '1.1', Modality: 'US', SeriesDescription: '', objects: 1, at: 0, reason: 'a secondary capture', decision: true, has_pixels: true,
  rows: 60, columns: 80, frames: 1, boxes: [[0, 0, 80, 10]],
}; // prettier-ignore

describe('boxes', () => {
  it('are drawn from any corner, whole pixels, inside of the picture', () => {
    expect(boxBetween({ x: 30.2, y: 25 }, { x: 10.9, y: 20.1 }, SIZE)).toEqual({ left: 10, top: 20, right: 31, bottom: 25 });
    expect(boxBetween({ x: -5, y: -5 }, { x: 500, y: 500 }, SIZE)).toEqual({ left: 0, top: 0, right: 80, bottom: 60 });
    expect(boxBetween({ x: 500, y: 500 }, { x: 500, y: 500 }, SIZE)).toEqual({ left: 79, top: 59, right: 80, bottom: 60 });
  });
  it('keep their size where they are moved against an edge', () => {
    expect(moved(BOX, -100, 3.4, SIZE)).toEqual({ left: 0, top: 23, right: 20, bottom: 28 });
    expect(moved(BOX, 100, 100, SIZE)).toEqual({ left: 60, top: 55, right: 80, bottom: 60 });
  });
  it('are never turned inside out', () => {
    expect(resized(BOX, { x: 1, y: 0 }, -100, 9, SIZE)).toEqual({ ...BOX, right: 11 });
    expect(resized(BOX, { x: -1, y: -1 }, 100, -100, SIZE)).toEqual({ ...BOX, left: 29, top: 0 });
    expect(resized(BOX, { x: 1, y: 1 }, 100, 100, SIZE)).toEqual({ ...BOX, right: 80, bottom: 60 });
  });
  it('are moved and resized by keys', () => {
    const plain = { shift: false, ctrl: false };
    expect(keyed(BOX, 'ArrowLeft', plain, SIZE)).toEqual(moved(BOX, -1, 0, SIZE));
    expect(keyed(BOX, 'ArrowDown', { shift: true, ctrl: true }, SIZE)).toEqual({ ...BOX, bottom: 35 });
    expect(keyed(BOX, 'a', plain, SIZE)).toBeUndefined();
    expect(newBox(SIZE)).toEqual({ left: 20, top: 7, right: 60, bottom: 15 });
    expect(described(BOX, 0)).toBe('Box 1: 20 by 5 pixels at 10, 20');
  });
});

describe('what becomes of a series', () => {
  it('follows the project until a person decides', () => {
    expect(fate(SERIES, undefined, 'sequester')).toBe('set aside');
    expect(fate(SERIES, begun(SERIES), 'blank')).toBe('blanked');
    expect(fate({ ...SERIES, boxes: null }, undefined, 'blank')).toBe('set aside');
    expect(fate({ ...SERIES, boxes: [] }, undefined, 'ocr')).toBe('as it is');
    expect(fate(SERIES, undefined, 'keep')).toBe('as it is');
    expect(fate({ ...SERIES, reason: '' }, undefined, 'sequester')).toBe('as it is');
    expect(fate({ ...SERIES, decision: false }, undefined, 'keep')).toBe('set aside');
  });
  it('is what a person approved', () => {
    expect(fate(SERIES, { ...begun(SERIES), approved: true }, 'sequester')).toBe('blanked');
    expect(fate(SERIES, { ...SIZE, boxes: [], approved: true }, 'sequester')).toBe('as it is');
  });
  it('is sent for approved series only', () => {
    const decisions = new Map([['1', { ...begun(SERIES), approved: true }], ['2', begun(SERIES)]]);
    expect(areasOf(decisions)).toEqual({ '1': { rows: 60, columns: 80, boxes: [[0, 0, 80, 10]] } });
  });
  it('is counted in words', () => {
    expect(inWords({ output: 1200, unchanged: 0, sequestered: 2, rejected: 0, left: 0 })).toBe('1,200 written, 2 set aside');
  });
});

it('lists what was not written once for each reason', () => {
  const row = (SOPInstanceUID: string, outcome: string, reason: string) => ({ SOPInstanceUID, outcome, reason });
  const rows = [row('1', 'sequestered', 'a'), row('2', 'rejected', 'a'), row('3', 'sequestered', 'a'), row('4', 'sequestered', 'b')];
  expect(alike(rows).map((group) => group.map((each) => each.SOPInstanceUID))).toEqual([['1', '3'], ['2'], ['4']]);
  expect(alike([])).toEqual([]);
});
