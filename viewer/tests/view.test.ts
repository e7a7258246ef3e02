import { describe, expect, it } from 'vitest';
import { FIT, flippedHorizontally, flippedVertically, imageToPane, paneToImage, panned, pixelAt, pixelShape, pixelToPane, rotated, scaleOf, zoomed, type Point, type View } from '../src/core/view';

const SHAPE = { columns: 40, rows: 20, pixelWidth: 1, pixelHeight: 2 };
const PANE = { width: 400, height: 300 };
const VIEWS: [string, View][] = [
  ['fit', FIT],
  ['zoomed and moved', { ...FIT, zoom: 3, x: 5, y: -4 }],
  ['rotated', rotated(FIT, 1)],
  ['flipped', flippedHorizontally(FIT)],
  ['all at once', flippedVertically(rotated({ ...FIT, zoom: 2, x: -3, y: 7 }, -1))],
];
const near = (a: Point, b: Point) => {
  expect(a[0]).toBeCloseTo(b[0], 9);
  expect(a[1]).toBeCloseTo(b[1], 9);
};

describe.each(VIEWS)('%s', (_, view) => {
  it('leads there and back', () => near(imageToPane(paneToImage([123, 45], view, SHAPE, PANE), view, SHAPE, PANE), [123, 45]));
  it('finds the pixel whose middle it shows', () => {
    for (const pixel of [[0, 0], [39, 19], [13, 7]] as const) expect(pixelAt(pixelToPane(pixel, view, SHAPE, PANE), view, SHAPE, PANE)).toEqual(pixel);
  });
  it('keeps the point under the pointer while zooming', () => {
    const next = zoomed(view, 1.7, [310, 60], SHAPE, PANE);
    near(paneToImage([310, 60], next, SHAPE, PANE), paneToImage([310, 60], view, SHAPE, PANE));
  });
  it('moves with the pointer', () => {
    const point = paneToImage([200, 100], view, SHAPE, PANE);
    near(imageToPane(point, panned(view, 12, -7, SHAPE, PANE), SHAPE, PANE), [212, 93]);
  });
});

it('fits the whole image, on its side too', () => {
  expect(scaleOf(FIT, SHAPE, PANE)).toBe(7.5);
  expect(scaleOf(rotated(FIT, 1), SHAPE, { width: 400, height: 80 })).toBe(2);
});
it('undoes two flips', () => expect(flippedHorizontally(flippedHorizontally(rotated(FIT, 1)))).toEqual(rotated(FIT, 1)));
it('takes four turns for a whole one', () => expect([1, 2, 3, 4].reduce((view) => rotated(view, 1), FIT)).toEqual(FIT));
it('shows pixels in their shape', () => {
  expect(pixelShape([0.5, 0.25], [])).toEqual({ pixelWidth: 1, pixelHeight: 2 });
  expect(pixelShape([], [3, 4])).toEqual({ pixelWidth: 4 / 3, pixelHeight: 1 });
  expect(pixelShape([], [])).toEqual({ pixelWidth: 1, pixelHeight: 1 });
});
it('is nowhere beside the image', () => expect(pixelAt([1, 1], FIT, { ...SHAPE, columns: 2 }, PANE)).toBeUndefined());
