import { describe, expect, it } from 'vitest';
import { permanentNotes } from '../src/core/corner-text';
import { displaySets, isPicture, ordered, readInstance, stackWarnings } from '../src/core/stack';
import { dataSet, slice } from './builders';

const sets = (...metadata: ReturnType<typeof slice>[]) => displaySets(metadata);
const numbers = (set: ReturnType<typeof sets>[number] | undefined) => set?.pictures.map((p) => p.instance.InstanceNumber);

describe('order', () => {
  it('goes by place along the normal, not by number', () => {
    const [stack] = sets(slice({ InstanceNumber: 1, ImagePositionPatient: [0, 0, 30] }), slice({ InstanceNumber: 2, ImagePositionPatient: [0, 0, 10] }), slice({ InstanceNumber: 3, ImagePositionPatient: [0, 0, 20] }));
    expect(numbers(stack)).toEqual([2, 3, 1]);
  });
  it('goes by number where the planes are not parallel', () => {
    const [stack] = sets(slice({ InstanceNumber: 2, ImagePositionPatient: [0, 0, 1] }), slice({ InstanceNumber: 1, ImagePositionPatient: [0, 0, 9], ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }));
    expect(numbers(stack)).toEqual([1, 2]);
  });
  it('goes by number where nothing is known of places', () => {
    const [stack] = sets(slice({ InstanceNumber: 10 }), slice({ InstanceNumber: 9 }));
    expect(numbers(stack)).toEqual([9, 10]);
  });
  it('keeps the times of a 4D series apart', () => {
    const four = [[1, 0], [2, 0], [1, 5], [2, 5]].map(([time, z], index) => slice({ InstanceNumber: index, TemporalPositionIdentifier: time as number, ImagePositionPatient: [0, 0, z as number] }));
    expect(numbers(sets(...four)[0])).toEqual([0, 2, 1, 3]);
  });
  it('does not depend on the order of the answer', () => {
    const pictures = sets(...[3, 1, 2].map((z) => slice({ InstanceNumber: z, ImagePositionPatient: [0, 0, z] })))[0]?.pictures ?? [];
    expect(ordered([...pictures].reverse())).toEqual(ordered(pictures));
  });
});

describe('display sets', () => {
  it('gives each multi-frame object and each document a set of its own', () => {
    const made = sets(slice({ InstanceNumber: 2, NumberOfFrames: 5 }), slice({ InstanceNumber: 1 }), dataSet({ SOPInstanceUID: '9', SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11', Modality: 'SR' }), slice({ InstanceNumber: 3 }));
    expect(made.map(({ kind, pictures }) => [kind, pictures.length])).toEqual([['stack', 2], ['clip', 5], ['document', 0]]);
  });
  it('takes NumberOfFrames of 1 for a single frame', () => expect(sets(slice({ NumberOfFrames: 1 }))[0]?.kind).toBe('stack'));
  it('takes a frame from the functional groups: its own, else the shared', () => {
    const enhanced = slice({
      NumberOfFrames: 2,
      SharedFunctionalGroupsSequence: dataSet({ PixelMeasuresSequence: dataSet({ PixelSpacing: [2, 3] }), PlaneOrientationSequence: dataSet({ ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }) }),
      PerFrameFunctionalGroupsSequence: [dataSet({ PlanePositionSequence: dataSet({ ImagePositionPatient: [1, 2, 3] }) }), dataSet({ PlanePositionSequence: dataSet({ ImagePositionPatient: [4, 5, 6] }) })],
    });
    const [set] = sets(enhanced);
    expect(set?.pictures.map((p) => p.position)).toEqual([[1, 2, 3], [4, 5, 6]]);
    expect(set?.pictures[1]?.orientation?.row).toEqual([0, 1, 0]);
    expect(set?.pictures[1]?.attributes['00280030']?.Value).toEqual([2, 3]);
  });
  it('shows no picture without pixel data, nor a segmentation', () => {
    expect(isPicture(readInstance(dataSet({ Rows: 2, Columns: 2 })))).toBe(false);
    expect(isPicture(readInstance(slice({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4' })))).toBe(false);
  });
});

it('takes the position of a mosaic for that of no slice, and says so', () => {
  const [set] = displaySets([slice({ ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'MOSAIC'], ImagePositionPatient: [1, 2, 3], PixelSpacing: [1, 1] })]);
  const picture = set?.pictures[0];
  expect([picture?.position, set && picture && permanentNotes(set, picture, 'browser', false, true)]).toEqual([undefined, ['Mosaic of slices: no positions']]);
});

describe('warnings', () => {
  const stack = (...places: [number, number, number][]) => sets(...places.map((place) => slice({ ImagePositionPatient: place })))[0];
  it('says nothing of an even stack', () => expect(stack([0, 0, 0], [0, 0, 5], [0, 0, 10])?.warnings).toEqual([]));
  it('names gaps', () => expect(stack([0, 0, 0], [0, 0, 5], [0, 0, 12])?.warnings).toEqual(['Irregular spacing 5.00–7.00 mm']));
  it('names the tilt of the gantry', () => {
    const tilted = Math.tan((18.5 * Math.PI) / 180) * 5;
    expect(stack([0, 0, 0], [0, tilted, 5], [0, 2 * tilted, 10])?.warnings).toEqual(['Gantry tilt 18.5°']);
  });
  it('counts what lies in the place of another', () => expect(stack([0, 0, 0], [0, 0, 5], [0, 0, 5], [0, 0, 10])?.warnings).toEqual(['Images in the place of another: 1']));
  it('says which have no place, where one is to be expected', () => {
    const placed = slice({ ImagePositionPatient: [0, 0, 0] });
    expect(sets(placed, slice({ InstanceNumber: 2 }))[0]?.warnings).toEqual(['No position in 1 of 2 images']);
    expect(sets(slice({ Modality: 'CR' }), slice({ Modality: 'CR' }))[0]?.warnings).toEqual([]);
  });
  it('says that orientations or sizes differ', () => {
    const placed = slice({ ImagePositionPatient: [0, 0, 0] });
    expect(sets(placed, slice({ ImagePositionPatient: [0, 0, 5], ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }))[0]?.warnings).toEqual(['Images of several orientations']);
    expect(sets(placed, slice({ ImagePositionPatient: [0, 0, 5], Rows: 7 }))[0]?.warnings).toEqual(['Images of several sizes']);
  });
  it('needs three pictures', () => expect(stackWarnings([])).toEqual([]));
});
