import { describe, expect, it } from 'vitest';
import { isShut, overlayBits, overlayPlanes, planeFrame, readShutter, unpackPlane } from '../src/core/overlay-planes';
import { paddingOf } from '../src/core/padding';
import { dataSet } from './builders';

const plane = (extra: Record<string, unknown> = {}) => ({ '60020010': { vr: 'US', Value: [2] }, '60020011': { vr: 'US', Value: [5] }, '60020050': { vr: 'SS', Value: [3, -1] }, ...extra });

describe('overlay planes', () => {
  it('have a size, an origin counted from 1 and data of their own', () => {
    const [read] = overlayPlanes(plane({ '60023000': { vr: 'OW', InlineBinary: 'AAA=' } }));
    expect(read).toMatchObject({ group: '6002', rows: 2, columns: 5, top: 2, left: -2, bit: undefined });
  });
  it('may lie in a bit of the pixel data', () => expect(overlayBits(plane({ '60020102': { vr: 'US', Value: [14] } }))).toEqual([14]));
  it('without data are none', () => expect(overlayPlanes(plane())).toEqual([]));
  it('are packed low bit first, frames without a gap', () => {
    const [read] = overlayPlanes(plane({ '60023000': { vr: 'OW', InlineBinary: 'AAA=' }, '60020015': { vr: 'IS', Value: [2] }, '60020051': { vr: 'US', Value: [4] } }));
    if (!read) throw new Error('no plane');
    expect([...unpackPlane(new Uint8Array([0b1, 0b100, 0]), read, 0)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...unpackPlane(new Uint8Array([0b1, 0b100, 0]), read, 1)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([3, 4, 5, 6].map((frame) => planeFrame(read, frame))).toEqual([undefined, 0, 1, undefined]);
  });
});

describe('shutters', () => {
  it('rectangular, edges left open', () => {
    const shutter = readShutter(dataSet({ ShutterShape: 'RECTANGULAR', ShutterLeftVerticalEdge: 2, ShutterRightVerticalEdge: 4, ShutterUpperHorizontalEdge: 3, ShutterLowerHorizontalEdge: 5 }));
    if (!shutter) throw new Error('no shutter');
    expect([0, 1, 3, 4].map((x) => isShut(shutter, x, 3))).toEqual([true, false, false, true]);
    expect([1, 2, 4, 5].map((y) => isShut(shutter, 2, y))).toEqual([true, false, false, true]);
  });
  it('circular: row before column', () => {
    const shutter = readShutter(dataSet({ ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [11, 21], RadiusOfCircularShutter: 5, ShutterPresentationValue: 65535 }));
    expect(shutter).toMatchObject({ circle: { x: 20, y: 10, radius: 5 }, grey: 1 });
    expect(shutter && [isShut(shutter, 25, 10), isShut(shutter, 26, 10)]).toEqual([false, true]);
  });
  it('polygonal', () => {
    const shutter = readShutter(dataSet({ ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [1, 1, 1, 11, 11, 1] }));
    expect(shutter && [isShut(shutter, 2, 2), isShut(shutter, 8, 8)]).toEqual([false, true]);
  });
  it('none', () => expect(readShutter(dataSet({}))).toBeUndefined());
});

it('padding is read as the pixels are, one value or a range', () => {
  expect(paddingOf(dataSet({ PixelPaddingValue: 63536, PixelRepresentation: 1 }))).toEqual({ first: -2000, last: -2000 });
  expect(paddingOf(dataSet({ PixelPaddingValue: 0, PixelPaddingRangeLimit: 10 }))).toEqual({ first: 0, last: 10 });
  expect(paddingOf(dataSet({}))).toBeUndefined();
});
