// Waveforms (PS3.3 C.10.9): multiplex groups, channels with their units, samples as values, annotations (C.10.10). Pure.

import { formatValue } from './modality';
import { element, items, number, numbers, text, type DataElement, type DataSet } from './dicom-json';
import { t } from './language';

export interface Channel {
  /** "II", "aVR", "V1": without "Lead". */
  name: string;
  unit: string;
  /** value = sample × factor + baseline, in the unit. */
  factor: number;
  baseline: number;
  /** "0.05–300 Hz, notch 50 Hz"; "" where the file does not say. */
  filters: string;
  /** ms by which its samples are later than the group's. */
  skew: number;
}

export interface WaveformGroup {
  label: string;
  channels: Channel[];
  samples: number;
  /** Samples a second. */
  frequency: number;
  bits: number;
  interpretation: string;
  padding: number | undefined;
  data: DataElement | undefined;
}

const meaning = (item: DataSet | undefined): string => text(item, 'CodeMeaning') || text(item, 'CodeValue');

export const hasWaveforms = (dataSet: DataSet): boolean => items(dataSet, 'WaveformSequence').length > 0;

export function readWaveforms(dataSet: DataSet): WaveformGroup[] {
  return items(dataSet, 'WaveformSequence').map((item, index) => ({
    label: [text(item, 'MultiplexGroupLabel') || t('Group {index}', { index: index + 1 }), text(item, 'WaveformOriginality') === 'DERIVED' ? 'derived' : ''].filter(Boolean).join(', '),
    channels: items(item, 'ChannelDefinitionSequence').map(readChannel),
    samples: number(item, 'NumberOfWaveformSamples') ?? 0,
    frequency: number(item, 'SamplingFrequency') ?? 0,
    bits: number(item, 'WaveformBitsAllocated') ?? 16,
    interpretation: text(item, 'WaveformSampleInterpretation'),
    padding: number(item, 'WaveformPaddingValue'),
    data: element(item, 'WaveformData'),
  }));
}

/** Units of voltage are all shown as mV. */
const MILLIVOLTS: Readonly<Record<string, number>> = { uV: 0.001, mV: 1, V: 1000 };

function readChannel(item: DataSet, index: number): Channel {
  const source = items(item, 'ChannelSourceSequence')[0];
  const code = text(items(item, 'ChannelSensitivityUnitsSequence')[0], 'CodeValue');
  const scale = MILLIVOLTS[code] ?? 1;
  const named = text(item, 'ChannelLabel') || meaning(source) || t('Channel {index}', { index: index + 1 });
  return {
    name: named.replace(/^Lead\s+/i, '').replace(/\s*\(Einthoven\)$/i, ''),
    unit: code in MILLIVOLTS ? 'mV' : code === '1' ? '' : code,
    factor: (number(item, 'ChannelSensitivity') ?? 1) * (number(item, 'ChannelSensitivityCorrectionFactor') ?? 1) * scale,
    baseline: (number(item, 'ChannelBaseline') ?? 0) * scale,
    filters: filtersOf(item),
    skew: (number(item, 'ChannelTimeSkew') ?? 0) * 1000,
  };
}

function filtersOf(item: DataSet): string {
  const [low, high, notch] = [number(item, 'FilterLowFrequency'), number(item, 'FilterHighFrequency'), number(item, 'NotchFilterFrequency')];
  const band = low !== undefined && high !== undefined ? `${formatValue(low)}–${formatValue(high)} Hz` : low !== undefined ? t('from {low} Hz', { low: formatValue(low) }) : high !== undefined ? t('to {high} Hz', { high: formatValue(high) }) : '';
  return [band, notch ? t('notch {notch} Hz', { notch: formatValue(notch) }) : ''].filter(Boolean).join(', ');
}

type Reader = (view: DataView, at: number) => number;

/** Sample interpretation → bytes and how to read them (C.10.9.1.5). */
const READERS: Readonly<Record<string, { size: number; read: Reader }>> = {
  SB: { size: 1, read: (view, at) => view.getInt8(at) },
  UB: { size: 1, read: (view, at) => view.getUint8(at) },
  MB: { size: 1, read: (view, at) => muLaw(view.getUint8(at)) },
  AB: { size: 1, read: (view, at) => aLaw(view.getUint8(at)) },
  SS: { size: 2, read: (view, at) => view.getInt16(at, true) },
  US: { size: 2, read: (view, at) => view.getUint16(at, true) },
  SL: { size: 4, read: (view, at) => view.getInt32(at, true) },
  UL: { size: 4, read: (view, at) => view.getUint32(at, true) },
};

/** ITU-T G.711. */
function muLaw(byte: number): number {
  const value = ~byte & 0xff;
  const size = (((value & 0x0f) << 3) + 0x84) << ((value & 0x70) >> 4);
  return value & 0x80 ? 0x84 - size : size - 0x84;
}

function aLaw(byte: number): number {
  const value = byte ^ 0x55;
  const segment = (value & 0x70) >> 4;
  const base = ((value & 0x0f) << 4) + 8;
  const size = segment === 0 ? base : (base + 0x100) << (segment - 1);
  return value & 0x80 ? size : -size;
}

/** The values of each channel in its unit, NaN where there are none; undefined for samples that nobody can read. */
export function decodeWaveform(bytes: Uint8Array, group: WaveformGroup): Float64Array[] | undefined {
  const reader = READERS[group.interpretation];
  const { channels, samples, padding } = group;
  if (!reader) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const there = Math.min(samples, Math.floor(bytes.byteLength / (reader.size * Math.max(1, channels.length))));
  return channels.map(({ factor, baseline }, channel) => {
    const values = new Float64Array(there);
    for (let i = 0; i < there; i += 1) {
      const sample = reader.read(view, (i * channels.length + channel) * reader.size);
      values[i] = sample === padding ? NaN : sample * factor + baseline;
    }
    return values;
  });
}

export interface WaveformNote {
  text: string;
  /** Channel indices from 0 that it is for; none: all. */
  channels: number[];
  /** ms from the beginning of the group; empty: of the whole. */
  times: number[];
}

/** What the file says of a group (from 0), in its order. */
export function waveformNotes(dataSet: DataSet, index: number, { frequency }: WaveformGroup): WaveformNote[] {
  return items(dataSet, 'WaveformAnnotationSequence').flatMap((item) => {
    const pairs = numbers(item, 'ReferencedWaveformChannels');
    const own = pairs.flatMap((value, at) => (at % 2 === 0 && value === index + 1 ? [pairs[at + 1] ?? 0] : []));
    if (pairs.length > 0 && own.length === 0) return [];
    const samples = numbers(item, 'ReferencedSamplePositions').map((sample) => ((sample - 1) / frequency) * 1000);
    const offsets = numbers(item, 'ReferencedTimeOffsets');
    return [{ text: noteText(item), channels: own.filter((channel) => channel > 0).map((channel) => channel - 1), times: samples.length > 0 ? samples : offsets }];
  });
}

function noteText(item: DataSet): string {
  const name = meaning(items(item, 'ConceptNameCodeSequence')[0]);
  const value = text(item, 'NumericValue') || meaning(items(item, 'ConceptCodeSequence')[0]) || text(item, 'UnformattedTextValue');
  const unit = text(items(item, 'MeasurementUnitsCodeSequence')[0], 'CodeValue');
  return [name, [value, unit === '1' ? '' : unit].filter(Boolean).join(' ')].filter(Boolean).join(' ');
}

export const LAYOUTS = ['3x4', '6x2', '12x1'] as const;
export type WaveformLayout = (typeof LAYOUTS)[number];

/** A piece of a channel: its row, and from when to when in s. */
export interface Strip {
  channel: number;
  row: number;
  from: number;
  to: number;
}

const LEADS = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];

/** Where the twelve standard leads are; undefined unless all are there. */
export function standardLeads(channels: readonly Channel[]): number[] | undefined {
  const places = LEADS.map((lead) => channels.findIndex(({ name }) => name.toLowerCase() === lead.toLowerCase()));
  return places.every((place) => place >= 0) ? places : undefined;
}

/** All strips of a group: the standard leads in columns one after the other in time, II below as rhythm; else one row a channel. */
export function strips(group: WaveformGroup, layout: WaveformLayout): Strip[] {
  const duration = group.samples / group.frequency;
  const leads = standardLeads(group.channels);
  if (!leads || layout === '12x1') return group.channels.map((_, channel) => ({ channel, row: channel, from: 0, to: duration }));
  const rows = layout === '3x4' ? 3 : 6;
  const part = duration / (12 / rows);
  const cells = leads.map((channel, index) => ({ channel, row: index % rows, from: Math.floor(index / rows) * part, to: (Math.floor(index / rows) + 1) * part }));
  return layout === '3x4' ? [...cells, { channel: leads[1] as number, row: 3, from: 0, to: duration }] : cells;
}

/** mm for one unit of a channel: the gain for mV, else what makes its range as high as a row. */
export function gainOf({ unit }: Channel, values: Float64Array, gain: number, row: number): number {
  if (unit === 'mV') return gain;
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? (row * 0.8) / (high - low) : 1;
}
