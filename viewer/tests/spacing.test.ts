import { describe, expect, it } from 'vitest';
import { scaleBar, spacingOf } from '../src/core/spacing';
import { dataSet } from './builders';

const region = (x0: number, x1: number, deltaX: number, units = 3) =>
  dataSet({ RegionSpatialFormat: 1, RegionLocationMinX0: x0, RegionLocationMinY0: 0, RegionLocationMaxX1: x1, RegionLocationMaxY1: 100, PhysicalUnitsXDirection: units, PhysicalUnitsYDirection: units, PhysicalDeltaX: deltaX, PhysicalDeltaY: -0.05 });

describe('spacing, in order', () => {
  it('is of the ultrasound region under the cursor, in mm', () => {
    const us = dataSet({ SequenceOfUltrasoundRegions: [region(0, 99, 0.04), region(100, 400, 0.02)] });
    expect(spacingOf(us, [9, 9], [10, 10])).toEqual({ row: 0.5, column: 0.4, provenance: 'US region' });
    expect(spacingOf(us, [9, 9], [200, 10])?.column).toBeCloseTo(0.2);
    expect(spacingOf(us, [9, 9])).toBeUndefined();
    expect(spacingOf(us, [9, 9], [500, 10])).toBeUndefined();
  });
  it('is of all ultrasound regions where they agree', () => expect(spacingOf(dataSet({ SequenceOfUltrasoundRegions: [region(0, 9, 0.04), region(20, 30, 0.04)] }), [])?.column).toBeCloseTo(0.4));
  it('is of the smallest of regions that overlap', () => expect(spacingOf(dataSet({ SequenceOfUltrasoundRegions: [region(0, 400, 0.02), region(50, 90, 0.01)] }), [], [60, 10])?.column).toBeCloseTo(0.1));
  it('ignores regions that are not in cm', () => expect(spacingOf(dataSet({ SequenceOfUltrasoundRegions: region(0, 9, 1, 4) }), [])).toBeUndefined());
  it.each([
    ['the patient', {}, [0.7, 0.8], { row: 0.7, column: 0.8, provenance: '' }],
    ['the detector', { ImagerPixelSpacing: [0.1, 0.1] }, [0.1, 0.1], { row: 0.1, column: 0.1, provenance: 'at detector' }],
    ['calibration', { ImagerPixelSpacing: [0.2, 0.2] }, [0.1, 0.1], { row: 0.1, column: 0.1, provenance: 'calibrated' }],
    ['fiducials', { ImagerPixelSpacing: [0.2, 0.2], PixelSpacingCalibrationType: 'FIDUCIAL' }, [0.1, 0.1], { row: 0.1, column: 0.1, provenance: 'fiducials' }],
    ['magnification', { ImagerPixelSpacing: [0.3, 0.3], EstimatedRadiographicMagnificationFactor: 1.5 }, [], { row: 0.3 / 1.5, column: 0.3 / 1.5, provenance: 'magnified' }],
    ['the detector alone', { ImagerPixelSpacing: [0.3, 0.3] }, [], { row: 0.3, column: 0.3, provenance: 'at detector' }],
    ['the film scanner', { NominalScannedPixelSpacing: [0.2, 0.1] }, [], { row: 0.2, column: 0.1, provenance: 'at scanner' }],
    ['nothing', {}, [], undefined],
    ['zeros', {}, [0, 0], undefined],
  ] as const)('from %s', (_, values, PixelSpacing, expected) => expect(spacingOf(dataSet(values as Parameters<typeof dataSet>[0]), PixelSpacing)).toEqual(expected));
});

it.each([[1, 120, '10 cm', 100], [10, 120, '1 cm', 100], [0.3, 200, '50 cm', 150], [100, 60, '0.5 mm', 50]])('at %d px/mm within %d px: %s', (scale, most, label, pixels) =>
  expect(scaleBar(scale, most)).toMatchObject({ label, pixels }));
it('draws no bar where none fits', () => expect(scaleBar(10_000, 100)).toBeUndefined());
