import { describe, expect, it } from 'vitest';
import { isMarked, markedOnly, markOf, selectionOf } from '../src/core/key-images';
import { displaySets, readInstance } from '../src/core/stack';
import { dataSet, slice } from './builders';

const image = (uid: string, frames: number[] = []) => dataSet({ ValueType: 'IMAGE', ReferencedSOPSequence: dataSet({ ReferencedSOPInstanceUID: uid, ...(frames.length > 0 ? { ReferencedFrameNumber: frames } : {}) }) });
const selection = (title: string, SOPClassUID = '1.2.840.10008.5.1.4.1.1.88.59') =>
  selectionOf(readInstance(dataSet({ SOPInstanceUID: '9', SOPClassUID, ConceptNameCodeSequence: dataSet({ CodeValue: title, CodeMeaning: 'Of Interest' }), ContentSequence: [dataSet({ ValueType: 'TEXT' }), image('1.1'), image('1.2', [2, 3])] })));

describe('key images', () => {
  it('are those that a selection names, unless it rejects them', () => {
    expect(selection('113000')).toEqual({ SOPInstanceUID: '9', title: 'Of Interest', marks: new Set(['1.1/0', '1.2/2', '1.2/3']) });
    expect(selection('113001')).toBeUndefined();
    expect(selection('113000', '1.2.840.10008.5.1.4.1.1.88.11')).toBeUndefined();
  });

  it('are marked by frame where there are several', () => {
    const [clip, stack] = [displaySets([slice({ SOPInstanceUID: '1.2', NumberOfFrames: 3 })])[0], displaySets([slice({ SOPInstanceUID: '1.1' }), slice({ SOPInstanceUID: '1.3' })])[0]];
    expect(clip?.pictures.map((picture) => markOf(picture).frame)).toEqual([1, 2, 3]);
    expect(stack?.pictures.map((picture) => markOf(picture).frame)).toEqual([0, 0]);
    const marks = selection('113000')?.marks ?? new Set<string>();
    expect(clip?.pictures.map((picture) => isMarked(picture, marks))).toEqual([false, true, true]);
    expect(isMarked(clip?.pictures[0] as never, new Set(['1.2/0']))).toBe(true);
    expect(stack && markedOnly(stack, marks)?.pictures.map(({ id }) => id)).toEqual(['1.1/1']);
    expect(stack && markedOnly(stack, new Set(['7/0']))).toBeUndefined();
  });
});
