import { describe, expect, it } from 'vitest';
import { findPicture, phaseText, timingOfPhases } from '../src/core/phases';
import { seriesSets } from '../src/core/series';
import type { DisplaySet } from '../src/core/stack';
import { chartOf, curveCsv, curvePoint } from '../src/core/time-curve';
import { dataSet, slice } from './builders';

type Given = Parameters<typeof slice>[0];
/** Three places in each of `count` phases, shuffled; `of` says what a picture of a phase and place has. */
function series(count: number, of: (phase: number, place: number) => Given): DisplaySet {
  const all = Array.from({ length: count * 3 }, (_, index) => [Math.floor(index / 3), index % 3] as const).sort(([a, b], [c, d]) => ((a * 7 + b * 5) % 11) - ((c * 7 + d * 5) % 11));
  return seriesSets(all.map(([phase, place]) => slice({ Modality: 'MR', InstanceNumber: phase * 3 + place, ImagePositionPatient: [0, 0, 4 * place], PixelSpacing: [1, 1], ...of(phase, place) })))[0] as DisplaySet;
}
const numbersOf = (set: DisplaySet): number[][] => (set.phases?.sets ?? []).map(({ pictures }) => pictures.map(({ instance }) => instance.InstanceNumber));
const IN_ORDER = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]; // prettier-ignore

describe('phases of a series', () => {
  it.each([
    ['temporal position', (phase: number): Given => ({ TemporalPositionIdentifier: phase + 1, TriggerTime: 2000 * phase }), 'Time 2 / 3 · 2 s', [0, 2000, 4000]],
    ['trigger time, other in each place', (phase: number, place: number): Given => ({ TriggerTime: 40 * phase + place }), 'Heart phase 2 / 3 · 40 ms', [0, 40, 80]],
    ['share of the heart cycle', (phase: number): Given => ({ NominalPercentageOfCardiacPhase: 10 * phase, NominalInterval: 800 }), 'Heart phase 2 / 3 · 10 % RR', [0, 80, 160]],
    ['b-value', (phase: number): Given => ({ DiffusionBValue: 500 * phase }), 'b-value 2 / 3 · b 500', undefined],
    ['echo time', (phase: number): Given => ({ EchoTime: 10 + 20 * phase }), 'Echo 2 / 3 · TE 30 ms', undefined],
    ['acquisition number', (phase: number): Given => ({ AcquisitionNumber: phase + 1 }), 'Acquisition 2 / 3 · No. 2', undefined],
    ['acquisition time over midnight', (phase: number): Given => ({ AcquisitionDate: phase < 1 ? '20240101' : '20240102', AcquisitionTime: phase < 1 ? '235959.5' : `00000${phase}.5` }), 'Time 2 / 3 · 2 s', [0, 2000, 3000]],
    ['order alone, with as many temporal positions', (): Given => ({ NumberOfTemporalPositions: 3, RepetitionTime: 2500 }), 'Time 2 / 3 · 2.5 s', [0, 2500, 5000]],
    ['order alone', (): Given => ({ RepetitionTime: 2500 }), 'Phase 2 / 3', undefined],
  ])('are found by %s', (_, of, said, times) => {
    const { phases } = series(3, of);
    expect(numbersOf(series(3, of))).toEqual(IN_ORDER);
    expect(phases && phaseText(phases, 1)).toBe(said);
    expect(phases?.times).toEqual(times);
  });
  it('tell several directions of one b-value apart by their order', () => {
    const { phases } = series(3, (phase) => ({ DiffusionBValue: phase === 0 ? 0 : 1000 }));
    expect(phases?.labels).toEqual(['b 0', 'b 1000 (1)', 'b 1000 (2)']);
  });
  it('are none where a place has more pictures than another, and none of a plain stack', () => {
    expect(series(2, (phase, place) => ({ ImagePositionPatient: [0, 0, phase === 1 && place === 2 ? 12 : 4 * place] })).phases).toBeUndefined();
    expect(series(1, () => ({})).phases).toBeUndefined();
  });
  it('are found among the frames of one object, by its functional groups', () => {
    const frame = (phase: number, place: number) => ({ ...dataSet({ PlanePositionSequence: dataSet({ ImagePositionPatient: [0, 0, 4 * place] }), FrameContentSequence: dataSet({ TemporalPositionIndex: phase + 1 }) }) });
    const frames = [0, 1, 2, 3, 4, 5].map((index) => frame(index % 2, Math.floor(index / 2)));
    const shared = dataSet({ PlaneOrientationSequence: dataSet({ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }) });
    const [set] = seriesSets([slice({ NumberOfFrames: 6, SharedFunctionalGroupsSequence: shared, PerFrameFunctionalGroupsSequence: frames })]);
    expect(set?.kind).toBe('stack');
    expect(set?.phases?.sets.map(({ pictures }) => pictures.map(({ frame: number }) => number))).toEqual([[1, 3, 5], [2, 4, 6]]);
  });
  it('find a picture in whichever it is', () => {
    const set = series(3, (phase) => ({ TemporalPositionIdentifier: phase }));
    expect(findPicture(set, ({ instance }) => instance.InstanceNumber === 7)).toEqual({ set: set.phases?.sets[2], index: 1 });
    expect(findPicture(set, () => false)).toBeUndefined();
  });
  it('play as they were taken where that can be watched', () => {
    const heart = series(3, (phase) => ({ TriggerTime: [0, 40, 100][phase] as number })).phases;
    const slow = series(3, (phase) => ({ TemporalPositionIdentifier: phase, TriggerTime: 2000 * phase })).phases;
    expect(heart && timingOfPhases(heart).durations).toEqual([40, 60, 50]);
    expect(slow && timingOfPhases(slow)).toMatchObject({ rate: 8, source: 'default' });
  });
});

describe('a curve', () => {
  const { phases } = series(3, (phase) => ({ TemporalPositionIdentifier: phase, TriggerTime: 1000 * phase }));
  const points = [10, 30, 20].map((value, phase) => phases && curvePoint(phases, phase, [{ quantity: 'mean', value, unit: 'a,b' }, { quantity: 'deviation', value: 2, unit: '' }])).filter((point) => point !== undefined);
  it('is a table with times', () => expect(curveCsv(points).split('\r\n').slice(0, 3)).toEqual(['phase,label,time_ms,value,deviation,unit', '1,0 ms,0,10,2,"a,b"', '2,1 s,1000,30,2,"a,b"']));
  it('is a chart with a margin', () => {
    const { low, high, points: places } = chartOf(points);
    expect([low, high]).toEqual([9, 31]);
    expect(places.map(([x]) => x)).toEqual([0, 0.5, 1]);
    expect(places[1]?.[1]).toBeCloseTo(1 / 22, 9);
  });
});
