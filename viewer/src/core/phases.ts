// Phases of a series: pictures of the same places at several times, heart phases, b-values or echoes (PS3.3 C.7.6.16.2.2 for
// frames, C.8.3.1, C.8.13 for single images). Found from the attributes alone, one table row a way; else by order. Pure.

import type { Timing } from './cine';
import { number, numbers, text } from './dicom-json';
import { t } from './language';
import { formatValue } from './modality';
import { distances, stackWarnings, type DisplaySet, type Picture } from './stack';
import { privateText } from './suv';
import type { Keyword } from './tags';

export interface Phases {
  /** What differs between them: "Time", "Heart phase", "b-value" … */
  title: string;
  labels: readonly string[];
  /** ms from the first, where they are moments; rising. */
  times: readonly number[] | undefined;
  /** Where the times are from; "" without. */
  clock: string;
  /** A set each, with the pictures of one phase in order of their places. */
  sets: readonly DisplaySet[];
}

type Value = (picture: Picture) => number | undefined;

interface Way {
  title: string;
  value: Value;
  label(value: number): string;
  /** The same values must be in every place, else it is another order. */
  shared?: boolean;
  /** Several pictures may have the same value; their order decides. */
  repeated?: boolean;
}

const of = (keyword: Keyword): Value => ({ attributes, instance }) => number(attributes, keyword) ?? number(instance.dataSet, keyword);

const round = (value: number): string => formatValue(Math.round(value * 10) / 10);

/** Seconds of a DT, or of DA and TM, since the epoch or midnight. */
function clockOf(stamp: string, date: string, time: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2})?(\.\d+)?/.exec(stamp || `${/^\d{8}$/.test(date) ? date : '19700101'}${time}`);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => (part ? Number(part) : 0)) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 + Number(match[7] ?? 0);
}

const acquired: Value = ({ attributes, instance: { dataSet } }) => clockOf(text(attributes, 'FrameAcquisitionDateTime') || text(dataSet, 'AcquisitionDateTime'), text(dataSet, 'AcquisitionDate'), text(dataSet, 'AcquisitionTime'));
const made: Value = ({ instance: { dataSet } }) => clockOf('', text(dataSet, 'ContentDate'), text(dataSet, 'ContentTime'));

/** b-values of GE carry flags above a thousand million. */
const bValue: Value = (picture) => {
  const own = of('DiffusionBValue')(picture);
  const { dataSet } = picture.instance;
  const found = privateText(dataSet, '0019', 'SIEMENS MR HEADER', '0C') || privateText(dataSet, '0043', 'GEMS_PARM_01', '39');
  return own ?? (found ? Number(found.split('\\')[0]) % 1e9 : undefined);
};
const echo: Value = (picture) => of('EffectiveEchoTime')(picture) ?? of('EchoTime')(picture);

const WAYS: readonly Way[] = [
  { title: 'Time', value: (picture) => of('TemporalPositionIdentifier')(picture) ?? of('TemporalPositionIndex')(picture), label: (value) => t('No. {value}', { value }) },
  { title: 'Heart phase', value: of('NominalPercentageOfCardiacPhase'), label: (value) => `${round(value)} % RR`, shared: true },
  { title: 'Heart phase', value: of('NominalCardiacTriggerDelayTime'), label: (value) => `${round(value)} ms` },
  { title: 'Breathing phase', value: of('NominalPercentageOfRespiratoryPhase'), label: (value) => `${round(value)} %`, shared: true },
  { title: 'Heart phase', value: of('TriggerTime'), label: (value) => `${round(value)} ms` },
  { title: 'b-value', value: bValue, label: (value) => `b ${round(value)}`, shared: true, repeated: true },
  { title: 'Echo', value: echo, label: (value) => `TE ${round(value)} ms`, shared: true },
  { title: 'Echo', value: of('EchoNumbers'), label: (value) => t('Echo {value}', { value }), shared: true },
  { title: 'Acquisition', value: of('AcquisitionNumber'), label: (value) => t('No. {value}', { value }) },
  { title: 'Time', value: acquired, label: () => '' },
  { title: 'Time', value: made, label: () => '' },
  ...[0, 1, 2, 3, 4].map((at): Way => ({ title: 'Dimension', value: ({ attributes }) => numbers(attributes, 'DimensionIndexValues')[at], label: (value) => t('No. {value}', { value }), shared: true })),
  { title: 'Phase', value: () => 0, label: () => '', repeated: true },
];

/** The pictures of each place, in order of the places; undefined unless each place has as many, and there are several of both. */
function places(pictures: readonly Picture[]): Picture[][] | undefined {
  const along = distances(pictures);
  if (!along) return undefined;
  const groups = new Map<number, Picture[]>();
  pictures.forEach((picture, index) => {
    const place = Math.round((along[index] as number) * 100);
    groups.set(place, [...(groups.get(place) ?? []), picture]);
  });
  const sorted = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
  const count = sorted[0]?.length ?? 0;
  return sorted.length > 1 && count > 1 && sorted.every((group) => group.length === count) ? sorted : undefined;
}

const byNumber = (a: Picture, b: Picture): number => a.instance.InstanceNumber - b.instance.InstanceNumber || a.frame - b.frame;

interface Sorted {
  way: Way;
  places: Picture[][];
  /** Of the first place. */
  values: number[];
}

/** The places sorted in one way; undefined where it does not tell their pictures apart. */
function sortedBy(way: Way, groups: readonly Picture[][]): Sorted | undefined {
  const valued = groups.map((group) => group.map((picture) => ({ picture, value: way.value(picture) ?? NaN })).sort((a, b) => a.value - b.value || byNumber(a.picture, b.picture)));
  const first = (valued[0] ?? []).map(({ value }) => value);
  const apart = valued.every((group) => group.every(({ value }, index) => Number.isFinite(value) && (way.repeated === true || index === 0 || value > (group[index - 1] as { value: number }).value)));
  const alike = !way.shared || valued.every((group) => group.every(({ value }, index) => Math.abs(value - (first[index] as number)) < 1e-3));
  const differs = !way.shared || first[0] !== first.at(-1);
  return apart && alike && differs ? { way, places: valued.map((group) => group.map(({ picture }) => picture)), values: first } : undefined;
}

/** ms of each phase from the first, by the first clock that runs through all of them. */
function timesOf(sorted: Sorted): { times: number[]; clock: string } | undefined {
  const phases = sorted.values.map((_, phase) => sorted.places.map((group) => group[phase] as Picture));
  const clocks: readonly (readonly [string, Value, number])[] = [
    ['trigger time', (p) => of('TriggerTime')(p) ?? of('NominalCardiacTriggerDelayTime')(p), 1],
    ['time offset', of('TemporalPositionTimeOffset'), 1000],
    ['frame reference time', of('FrameReferenceTime'), 1],
    ['acquisition time', acquired, 1000],
    ['share of the heart cycle', (p) => ((of('NominalPercentageOfCardiacPhase')(p) ?? NaN) * (of('NominalInterval')(p) ?? NaN)) / 100, 1],
  ];
  for (const [clock, value, factor] of clocks) {
    const earliest = phases.map((pictures) => Math.min(...pictures.map((picture) => value(picture) ?? NaN)) * factor);
    if (rising(earliest)) return { clock, times: earliest.map((time) => time - (earliest[0] as number)) };
  }
  const [sample] = phases[0] ?? [];
  const step = sample && (of('TemporalResolution')(sample) ?? repetitionOf(sample, sorted));
  return step ? { clock: of('TemporalResolution')(sample) ? 'temporal resolution' : 'repetition time', times: phases.map((_, index) => index * step) } : undefined;
}

const rising = (values: readonly number[]): boolean => values.every((value, index) => Number.isFinite(value) && (index === 0 || value > (values[index - 1] as number)));

/** Volumes of echo-planar MR come once a repetition; short repetitions are those of lines, not of volumes. */
function repetitionOf(picture: Picture, { way, values }: Sorted): number | undefined {
  const repetition = of('RepetitionTime')(picture);
  const temporal = way.title === 'Time' || (of('NumberOfTemporalPositions')(picture) ?? 0) >= values.length;
  return temporal && repetition !== undefined && repetition >= 500 ? repetition : undefined;
}

const timeLabel = (ms: number): string => (ms >= 60_000 ? `${round(ms / 60_000)} min` : ms >= 1000 ? `${round(ms / 1000)} s` : `${round(ms)} ms`);

function labelsOf({ way, values }: Sorted, times: readonly number[] | undefined): string[] {
  return values.map((value, index) => {
    const own = way.label(value);
    const same = values.filter((other) => other === value).length;
    const which = same > 1 ? ` (${values.slice(0, index + 1).filter((other) => other === value).length})` : '';
    return way.title === 'Time' && times ? timeLabel(times[index] as number) : own && `${own}${which}`;
  });
}

/** The set as it is, or the first of its phases. */
export function withPhases(set: DisplaySet): DisplaySet {
  const groups = places(set.pictures);
  if (!groups) return set;
  let sorted: Sorted | undefined;
  for (const way of WAYS) sorted ??= sortedBy(way, groups);
  if (!sorted) return set;
  const { way, values } = sorted;
  const found = way.shared && way.title !== 'Heart phase' && way.title !== 'Dimension' ? undefined : timesOf(sorted);
  const title = way.title === 'Dimension' || way.title === 'Phase' ? (found ? 'Time' : 'Phase') : way.title;
  const sets: DisplaySet[] = [];
  const phases: Phases = { title, labels: labelsOf({ ...sorted, way: { ...way, title } }, found?.times), times: found?.times, clock: found?.clock ?? '', sets };
  values.forEach((_, phase) => {
    const pictures = (sorted).places.map((group) => group[phase] as Picture);
    sets.push({ ...set, kind: 'stack', pictures, warnings: stackWarnings(pictures), phases, phase });
  });
  return sets[0] as DisplaySet;
}

/** The phase of a set, or the set itself, that has a picture of this kind. */
export function findPicture(set: DisplaySet, wanted: (picture: Picture) => boolean): { set: DisplaySet; index: number } | undefined {
  for (const one of [set, ...(set.phases?.sets ?? [])]) {
    const index = one.pictures.findIndex(wanted);
    if (index >= 0) return { set: one, index };
  }
  return undefined;
}

/** Slower than this, phases are played faster than they were. */
const SLOWEST = 2;
const UNTIMED = 8;

/** How phases are played: as fast as they were taken where that can be watched, else evenly. */
export function timingOfPhases({ times, sets }: Phases): Timing {
  const count = sets.length;
  const steps = (times ?? []).slice(1).map((time, index) => time - ((times as readonly number[])[index] as number));
  const mean = steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
  if (steps.length > 0 && 1000 / mean >= SLOWEST) return { durations: [...steps, mean], rate: 1000 / mean, source: 'FrameTimeVector', sweep: false };
  return { durations: new Array<number>(count).fill(1000 / UNTIMED), rate: UNTIMED, source: 'default', sweep: false };
}

/** "Time 3 / 8 · 4 s". */
export const phaseText = ({ title, labels, sets }: Phases, phase: number): string => [`${t(title)} ${phase + 1} / ${sets.length}`, labels[phase]].filter(Boolean).join(' · ');
