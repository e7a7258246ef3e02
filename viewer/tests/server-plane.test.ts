import { describe, expect, it } from 'vitest';
import { OUTSIDE, type Cut } from '../src/core/reslice';
import { planeQuery, readPlane } from '../src/core/server-plane';
import type { Volume } from '../src/core/volume';
import { displaySets, type DisplaySet, type Picture } from '../src/core/stack';
import { PlaneStore } from '../src/viewport/mpr/plane-store';
import { drawsPlanes, volumeBudget } from '../src/viewport/mpr/where';
import { slice } from './builders';

const CUT: Cut = { origin: [-1.5, 2, 30], right: [0.5, 0, 0], down: [0, 0.3, -0.4], columns: 3, rows: 2 };
const GIB = 2 ** 30;

describe('planes that the archive cuts', () => {
  it('are asked for by place, unit directions and spacing', () => {
    expect(planeQuery(CUT, '')).toBe('type=int16&origin=-1.5,2,30&right=1,0,0&down=0,0.6,-0.8&columns=3&rows=2&spacing=0.5');
    const slab = planeQuery({ ...CUT, slab: { step: [0, 0, 2.5], samples: 4, mode: 'mean' } }, '1.2.3');
    expect(slab).toContain('&thickness=10&mode=mean&instance=1.2.3');
  });

  const told = { columns: 3, rows: 1, slices: 9, slope: 0.5, intercept: 100 };

  it('hold real values, and nothing outside the volume', () => {
    const body = Int16Array.from([-32768, -200, 32767]).buffer;
    const { pixels, min, max } = readPlane(body, told, 9);
    expect([...pixels]).toEqual([OUTSIDE, 0, 16483.5]);
    expect([min, max]).toEqual([0, 16483.5]);
    expect(readPlane(Int16Array.from([-32768, -32768, -32768]).buffer, told, 9)).toMatchObject({ min: 0, max: 1 });
  });

  it('of another volume, or cut short, are refused', () => {
    expect(() => readPlane(new ArrayBuffer(6), told, 8)).toThrow('other images');
    expect(() => readPlane(new ArrayBuffer(4), told, 9)).toThrow('broken');
  });
});

describe('who cuts the planes', () => {
  const picture = { attributes: {}, instance: { dataSet: {} } } as unknown as Picture;
  const volume = (slices: number): Volume => ({ geometry: { columns: 512, rows: 512, places: Array.from({ length: slices }, (_, k) => k) }, pictures: [picture], notes: [] }) as unknown as Volume;

  it('is the archive where the browser has not the memory', () => {
    expect(volumeBudget(undefined)).toBe(GIB);
    expect(volumeBudget(0.5)).toBe(GIB / 8);
    expect(volumeBudget(8)).toBeLessThan(1.3 * GIB);
    expect(drawsPlanes(volume(256), 'automatic', 0.5)).toBe('browser');
    expect(drawsPlanes(volume(257), 'automatic', 0.5)).toBe('server');
    expect(drawsPlanes(volume(257), 'automatic', 4)).toBe('browser');
    expect(drawsPlanes(volume(3), 'server', 8)).toBe('server');
  });
});

describe('a store of planes', () => {
  class Held extends PlaneStore {
    readonly asked: { cut: Cut; answer(fail?: Error): void }[] = [];

    protected make(cut: Cut): Promise<{ pixels: Float32Array<ArrayBuffer>; min: number; max: number }> {
      return new Promise((resolve, reject) => {
        this.asked.push({ cut, answer: (fail) => (fail ? reject(fail) : resolve({ pixels: new Float32Array(6), min: 0, max: 1 })) });
      });
    }
  }
  const [set] = displaySets([slice({})]) as [DisplaySet];
  const named = (id: string): Picture => ({ ...(set.pictures[0] as Picture), id });
  const pane = (id: string): DisplaySet => ({ ...set, id });
  const quiet = (coming: Promise<unknown>): Promise<string> => coming.then(() => 'here', (error: unknown) => (error as Error).name);

  it('cuts one plane of a pane at a time, then the newest', async () => {
    const store = new Held(() => CUT, 'archive', 3);
    const first = quiet(store.load(pane('a'), named('a1')));
    const second = quiet(store.load(pane('a'), named('a2')));
    const third = quiet(store.load(pane('a'), named('a3')));
    void quiet(store.load(pane('b'), named('b1')));
    expect(store.asked).toHaveLength(2);
    store.asked[0]?.answer();
    expect([await first, await second]).toEqual(['here', 'AbortError']);
    await Promise.resolve();
    expect(store.asked).toHaveLength(3);
    store.asked[2]?.answer();
    expect(await third).toBe('here');
    expect([store.has('a1'), store.has('a3'), store.get('a3')?.source]).toEqual([true, true, 'archive']);
  });

  it('keeps nothing that was cut before it was told to forget, and says what failed', async () => {
    const store = new Held(() => CUT, 'archive', 3);
    const first = quiet(store.load(pane('a'), named('a1')));
    store.forget();
    store.asked[0]?.answer();
    expect([await first, store.has('a1')]).toEqual(['here', false]);
    const second = quiet(store.load(pane('a'), named('a2')));
    await Promise.resolve();
    store.asked[1]?.answer(new Error('no such series'));
    expect([await second, store.failure('a2')]).toEqual(['Error', 'no such series']);
    store.forgetFailure('a2');
    expect(store.failure('a2')).toBeUndefined();
  });
});
