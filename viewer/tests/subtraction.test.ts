import { describe, expect, it } from 'vitest';
import { readInstance, type DisplaySet } from '../src/core/stack';
import { difference, maskedBy, maskOf, masksOf, reasonAgainstSubtraction, storedId, subtracted, subtractionOfFile, subtractionText, type Subtraction } from '../src/core/subtraction';
import { pictureInfo } from '../src/core/picture-info';
import { dataSet, pictureOf, slice } from './builders';

const fileWith = (item: Parameters<typeof dataSet>[0], more: Parameters<typeof dataSet>[0] = {}): ReturnType<typeof dataSet> => slice({ MaskSubtractionSequence: [dataSet(item)], BitsStored: 8, ...more });
const plane = (pixels: number[], columns: number): { columns: number; rows: number; pixels: number[] } => ({ columns, rows: pixels.length / columns, pixels });

describe('the mask of the file', () => {
  it('is the mean of its mask frames, moved as it says: first down, then right', () => {
    const by = subtractionOfFile(fileWith({ MaskOperation: 'AVG_SUB', MaskFrameNumbers: [2, 3], MaskSubPixelShift: [0.5, -1.25] }), 9);
    expect(by).toEqual({ rule: { operation: 'AVG_SUB', frames: [2, 3] }, ranges: [], shift: [-1.25, 0.5], top: 0 });
    expect(masksOf(by as Subtraction, 7)).toEqual([2, 3]);
  });

  it('is none for NONE and for frames that are not there', () => {
    expect(subtractionOfFile(fileWith({ MaskOperation: 'NONE', MaskFrameNumbers: [0] }), 9)).toBeUndefined();
    expect(subtractionOfFile(fileWith({ MaskOperation: 'AVG_SUB', MaskFrameNumbers: [10] }), 9)).toBeUndefined();
    expect(subtractionOfFile(slice({}), 9)).toBeUndefined();
  });

  it('follows at a distance in time within its range', () => {
    const by = subtractionOfFile(fileWith({ MaskOperation: 'TID', TIDOffset: 2, ApplicableFrameRange: [3, 8] }), 9) as Subtraction;
    expect([2, 3, 8, 9].map((frame) => masksOf(by, frame))).toEqual([undefined, [1], [6], undefined]);
    const reverse = subtractionOfFile(fileWith({ MaskOperation: 'REV_TID', TIDOffset: 1, ApplicableFrameRange: [6, 9] }), 9) as Subtraction;
    expect([6, 7, 8, 9].map((frame) => masksOf(reverse, frame))).toEqual([[5], [4], [3], [2]]);
    expect(masksOf({ ...by, ranges: [] }, 2)).toBeUndefined();
  });
});

describe('differences', () => {
  it('are those of stored values, or of logarithms where pixels are linear to the beam', () => {
    const [mask, frame] = [plane([100, 200, 50, 0], 2), plane([100, 100, 25, 255], 2)];
    const plain = maskedBy(slice({ BitsStored: 8, PixelIntensityRelationship: 'LOG' }), 1);
    expect([...difference(frame, maskOf([mask], plain), plain.top)]).toEqual([0, -100, -25, 255]);
    const linear = maskedBy(slice({ BitsStored: 8, PixelIntensityRelationship: 'LIN' }), 1);
    const factor = 255 / Math.log(256);
    const got = difference(frame, maskOf([mask], linear), linear.top);
    [0, Math.log(101 / 201), Math.log(26 / 51), Math.log(256)].forEach((expected, at) => expect(got[at]).toBeCloseTo(factor * expected, 3));
  });

  it('average masks, and move them with fractions', () => {
    const by: Subtraction = { rule: { operation: 'AVG_SUB', frames: [1, 2] }, ranges: [], shift: [1, 0], top: 0 };
    expect([...maskOf([plane([0, 10, 20], 3), plane([2, 12, 22], 3)], by)]).toEqual([1, 1, 11]);
    expect([...maskOf([plane([0, 10, 20], 3)], { ...by, shift: [-0.25, 0] })]).toEqual([2.5, 12.5, 20]);
    expect([...maskOf([plane([0, 10, 20], 1)], { ...by, shift: [0, 0.5] })]).toEqual([0, 5, 15]);
  });
});

describe('a subtracted set', () => {
  const stored = dataSet({ SOPInstanceUID: '1.9', NumberOfFrames: 3, Rows: 2, Columns: 2, BitsStored: 8, RescaleSlope: 2, WindowCenter: 128, WindowWidth: 256, PixelPaddingValue: 0, PhotometricInterpretation: 'MONOCHROME2' });
  const instance = readInstance(stored);
  const pictures = [1, 2, 3].map((frame) => ({ ...pictureOf(stored), id: `1.9/${frame}`, instance, frame }));
  const base: DisplaySet = { id: 'a', kind: 'clip', StudyInstanceUID: '1', SeriesInstanceUID: '1.2', modality: 'XA', number: 1, description: '', pictures, instances: [instance], warnings: [] };
  const by = maskedBy(stored, 2);

  it('has values, window and names of its own, and the frames of its base', () => {
    const set = subtracted(base, by, 60);
    const [first] = set.pictures;
    expect(set.pictures.map(({ id, frame }) => [id, storedId(id), frame])).toEqual([['dsa:1.9/1', '1.9/1', 1], ['dsa:1.9/2', '1.9/2', 2], ['dsa:1.9/3', '1.9/3', 3]]);
    const info = pictureInfo(first as NonNullable<typeof first>);
    expect(info.transform).toMatchObject({ slope: 1, intercept: 0, unit: 'difference' });
    expect(info.windows[0]).toMatchObject({ label: 'Subtraction', window: { center: 0, width: 60 } });
    expect(info.padding).toBeUndefined();
    expect(pictureInfo(pictures[0] as NonNullable<typeof first>).transform.slope).toBe(2);
  });

  it('says what was subtracted, and from which frames nothing', () => {
    expect(subtractionText({ ...by, shift: [1.5, -0.25] }, 1)).toBe('Subtracted, mask 2, shift 1.5, -0.25');
    expect(subtractionText({ ...by, top: 255 }, 1)).toBe('Subtracted (logarithm), mask 2, shift 0, 0');
    expect(subtractionText({ ...by, ranges: [[2, 3]] }, 1)).toBe('Not subtracted: no mask for this frame');
  });

  it('is refused with a reason where it means nothing', () => {
    expect(reasonAgainstSubtraction(base)).toBe('');
    expect(reasonAgainstSubtraction({ ...base, kind: 'stack' })).toMatch(/multi-frame/);
    const colour = { ...instance, dataSet: { ...stored, ...dataSet({ PhotometricInterpretation: 'RGB', SamplesPerPixel: 3 }) } };
    expect(reasonAgainstSubtraction({ ...base, pictures: pictures.map((one) => ({ ...one, instance: colour })) })).toMatch(/Colour/);
  });
});
