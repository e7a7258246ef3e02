import { describe, expect, it } from 'vitest';
import { decodeWaveform, gainOf, hasWaveforms, readWaveforms, strips, waveformNotes, type WaveformGroup } from '../src/core/waveform';
import { dataSet } from './builders';

const code = (CodeValue: string, CodeMeaning = CodeValue) => dataSet({ CodeValue, CodeMeaning });
const channel = (name: string, unit: string, sensitivity: number, more: Parameters<typeof dataSet>[0] = {}) =>
  dataSet({ ChannelSourceSequence: code('x', name), ChannelSensitivity: sensitivity, ChannelSensitivityUnitsSequence: code(unit), ...more });
const object = (channels: ReturnType<typeof channel>[], more: Parameters<typeof dataSet>[0] = {}) =>
  dataSet({ WaveformSequence: [dataSet({ MultiplexGroupLabel: 'RHYTHM', NumberOfWaveformSamples: 2, SamplingFrequency: 500, WaveformBitsAllocated: 16, WaveformSampleInterpretation: 'SS', ChannelDefinitionSequence: channels, ...more })] });
const only = (found: WaveformGroup[]): WaveformGroup => found[0] as WaveformGroup;

describe('waveforms', () => {
  it('are values in the unit of their channel: sample × sensitivity × correction + baseline', () => {
    const group = only(readWaveforms(object([channel('Lead II', 'uV', 1.25, { ChannelSensitivityCorrectionFactor: 2, ChannelBaseline: 100, FilterLowFrequency: 0.05, FilterHighFrequency: 300, NotchFilterFrequency: 50 }), channel('Pressure', 'mm[Hg]', 0.5)])));
    expect(group.channels).toMatchObject([{ name: 'II', unit: 'mV', filters: '0.05–300 Hz, notch 50 Hz' }, { name: 'Pressure', unit: 'mm[Hg]', filters: '' }]);
    const [lead, pressure] = decodeWaveform(new Uint8Array(Int16Array.from([400, 240, -400, -2]).buffer), group) ?? [];
    expect(Array.from(lead ?? [], (value) => Math.round(value * 1e6))).toEqual([1.1e6, -0.9e6]);
    expect(Array.from(pressure ?? [])).toEqual([120, -1]);
    expect(gainOf(group.channels[1] as never, pressure as Float64Array, 10, 20)).toBeCloseTo(16 / 121);
    expect(gainOf(group.channels[0] as never, lead as Float64Array, 5, 20)).toBe(5);
  });

  it.each([
    ['SB', [0xff, 0x7f], [-1, 127]],
    ['UB', [0xff, 0x7f], [255, 127]],
    ['MB', [0xff, 0x00], [0, -32124]],
    ['AB', [0xd5, 0x2a], [8, -32256]],
    ['UL', [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [1, 4294967295]],
  ])('are read as %s', (interpretation, bytes, expected) => {
    const group = only(readWaveforms(object([channel('A', '1', 1)], { WaveformSampleInterpretation: interpretation })));
    expect(Array.from(decodeWaveform(Uint8Array.from(bytes), group)?.[0] ?? [])).toEqual(expected);
  });

  it('miss what is padding or was cut off, and what nobody can read', () => {
    const group = only(readWaveforms(object([channel('A', '1', 1)], { WaveformPaddingValue: -1 })));
    expect(Array.from(decodeWaveform(Uint8Array.from([0xff, 0xff, 1]), group)?.[0] ?? [])).toEqual([NaN]);
    expect(decodeWaveform(new Uint8Array(4), { ...group, interpretation: 'XX' })).toBeUndefined();
    expect(hasWaveforms(dataSet({}))).toBe(false);
  });

  it('have notes of their group with their times', () => {
    const note = (more: Parameters<typeof dataSet>[0]) => dataSet({ ConceptNameCodeSequence: code('QT', 'QT Interval'), ...more });
    const all = object([channel('A', '1', 1)], {});
    Object.assign(all, dataSet({ WaveformAnnotationSequence: [note({ ReferencedWaveformChannels: [1, 0], NumericValue: 400, MeasurementUnitsCodeSequence: code('ms') }), note({ ReferencedWaveformChannels: [2, 1] }), dataSet({ ReferencedWaveformChannels: [1, 1], UnformattedTextValue: 'Sinus rhythm', ReferencedSamplePositions: 251 })] }));
    expect(waveformNotes(all, 0, only(readWaveforms(all)))).toEqual([
      { text: 'QT Interval 400 ms', channels: [], times: [] },
      { text: 'Sinus rhythm', channels: [0], times: [500] },
    ]);
  });

  it('lie in the rows of an ECG, or in one row each', () => {
    const names = ['II', 'I', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
    const twelve = only(readWaveforms(object(names.map((name) => channel(`Lead ${name}`, 'mV', 1)), { NumberOfWaveformSamples: 5000 })));
    const rows = strips(twelve, '3x4');
    expect(rows).toHaveLength(13);
    expect(rows.slice(0, 4)).toEqual([{ channel: 1, row: 0, from: 0, to: 2.5 }, { channel: 0, row: 1, from: 0, to: 2.5 }, { channel: 2, row: 2, from: 0, to: 2.5 }, { channel: 3, row: 0, from: 2.5, to: 5 }]);
    expect(rows.at(-1)).toEqual({ channel: 0, row: 3, from: 0, to: 10 });
    expect(strips(twelve, '6x2').at(-1)).toEqual({ channel: 11, row: 5, from: 5, to: 10 });
    expect(strips({ ...twelve, channels: twelve.channels.slice(1) }, '3x4')).toHaveLength(11);
  });
});
