import { describe, expect, it } from 'vitest';
import type { DataSet } from '../src/core/dicom-json';
import { averageTime, bodySizes, chosenSuv, suvFactors } from '../src/core/suv';
import { dataSet } from './builders';

const HALF_LIFE = 6586.2;
const drug = { RadionuclideTotalDose: 381.47e6, RadionuclideHalfLife: HALF_LIFE, RadiopharmaceuticalStartTime: '113900' };
const pet = {
  Modality: 'PT', Units: 'BQML', DecayCorrection: 'START', CorrectedImage: ['DECY', 'ATTN'], PatientWeight: 66.2, PatientSize: 1.7, PatientSex: 'M',
  SeriesDate: '20200102', SeriesTime: '130244', AcquisitionDate: '20200102', AcquisitionTime: '131500', RadiopharmaceuticalInformationSequence: dataSet(drug),
}; // prettier-ignore
type Given = Parameters<typeof dataSet>[0];
const bw = (change: Given, more: DataSet = {}, first = ''): number | undefined => suvFactors({ ...dataSet({ ...pet, ...change }), ...more }, first).factors.bw;
const left = (seconds: number): number => 381.47e6 * 2 ** (-seconds / HALF_LIFE);
const HOUR = 3600;

describe('SUV by body weight', () => {
  it('divides by the dose that is left when the scan begins', () => expect(bw({})).toBeCloseTo(66_200 / left(5024), 12));
  it.each(['PatientWeight', 'DecayCorrection', 'RadiopharmaceuticalInformationSequence'] as const)('is not made up without %s, and says so', (keyword) => {
    const found = suvFactors(dataSet(Object.fromEntries(Object.entries(pet).filter(([key]) => key !== keyword))));
    expect(found.factors).toEqual({});
    expect(found.reason).not.toBe('');
  });
  it('takes the times of acquisition where the series was made later', () => {
    const late = { SeriesTime: '160000' };
    expect(bw(late, {}, '20200102130300.00')).toBeCloseTo(66_200 / left(5040), 12);
    const duration = 180;
    const framed = { ...late, FrameReferenceTime: 500_000, ActualFrameDuration: duration * 1000 };
    expect(bw(framed)).toBeCloseTo(66_200 / left(13.25 * HOUR - 500 + averageTime(duration, HALF_LIFE) - 11.65 * HOUR), 12);
    const ge = { '00090010': { vr: 'LO', Value: ['GEMS_PETD_01'] }, '0009100D': { vr: 'DT', Value: ['20200102130244.00'] } };
    expect(bw(late, ge)).toBeCloseTo(66_200 / left(5024), 12);
  });
  it('takes the whole dose of values corrected to injection, the dose at the frame of uncorrected ones', () => {
    expect(bw({ DecayCorrection: 'ADMIN' })).toBeCloseTo(66_200 / 381.47e6, 12);
    expect(bw({ DecayCorrection: 'NONE', ActualFrameDuration: 240_000 })).toBeCloseTo(66_200 / left(5760 + averageTime(240, HALF_LIFE)), 12);
  });
  it('passes midnight, and takes a dated injection where it fits', () => {
    expect(bw({ SeriesTime: '001000', AcquisitionTime: '001100', RadiopharmaceuticalInformationSequence: dataSet({ ...drug, RadiopharmaceuticalStartTime: '231000' }) })).toBeCloseTo(66_200 / left(HOUR), 12);
    const two = { ...drug, RadiopharmaceuticalStartDateTime: '20200101113900' };
    expect(bw({ RadiopharmaceuticalInformationSequence: dataSet(two) })).toBeCloseTo(66_200 / left(5024 + 24 * HOUR), 12);
    expect(bw({ RadiopharmaceuticalInformationSequence: dataSet({ ...two, RadiopharmaceuticalStartDateTime: '19850101113900' }) })).toBeCloseTo(66_200 / left(5024), 12);
  });
  it('takes the private factors of Philips for counts, by their creator', () => {
    const creator = { '70530011': { vr: 'LO', Value: ['Philips PET Private Group'] } };
    expect(bw({ Units: 'CNTS' }, { ...creator, '70531100': { vr: 'DS', Value: [0.00042] } })).toBe(0.00042);
    expect(bw({ Units: 'CNTS' }, { ...creator, '70531100': { vr: 'UN', InlineBinary: btoa('0.00042 ') } })).toBe(0.00042);
    expect(bw({ Units: 'CNTS' }, { ...creator, '70531109': { vr: 'DS', Value: [3] } })).toBeCloseTo((3 * 66_200) / left(5024), 12);
    expect(bw({ Units: 'CNTS' })).toBeUndefined();
  });
  it('is not given where attenuation was not corrected', () => expect(suvFactors(dataSet({ ...pet, CorrectedImage: ['DECY'] })).reason).toMatch(/attenuation/));
  it('is there already in g/ml, of the kind that is named', () => {
    expect(suvFactors(dataSet({ Units: 'GML' })).factors).toEqual({ bw: 1 });
    const janma = suvFactors(dataSet({ ...pet, Units: 'GML', SUVType: 'LBMJANMA' })).factors;
    expect(janma.lbmJanma).toBe(1);
    expect(janma.bw).toBeGreaterThan(1.2);
    expect(suvFactors(dataSet({ Units: 'GML', SUVType: 'IBW' })).factors).toEqual({});
  });
});

it('knows lean mass and surface from weight, size and sex alone', () => {
  const man = bodySizes(80, 1.8, 'M');
  expect(man.lbmJames).toBeCloseTo(62_716.05, 1);
  expect(man.lbmJanma).toBeCloseTo(61_731.41, 1);
  expect(man.bsa).toBeCloseTo(19_964, 0);
  expect(bodySizes(80, 1.8, 'F').lbmJames).toBeCloseTo(56_365.4, 1);
  expect(Object.keys(bodySizes(80, 1.8, 'O'))).toEqual(['bw', 'bsa']);
  expect(Object.keys(bodySizes(80, undefined, 'M'))).toEqual(['bw']);
});

it('falls back on the first kind that is known, and on none where the stored unit is asked for', () => {
  expect(chosenSuv({ bw: 2, bsa: 3 }, 'bsa')).toEqual({ factor: 3, label: 'SUVbsa', unit: 'cm²/ml' });
  expect(chosenSuv({ bw: 2 }, 'lbmJanma')?.label).toBe('SUVbw');
  expect([chosenSuv({ bw: 2 }, 'stored'), chosenSuv({}, undefined), chosenSuv(undefined, 'bw')]).toEqual([undefined, undefined, undefined]);
});
