import { describe, expect, it, vi } from 'vitest';
import { Signal } from '../src/core/lifecycle';
import { seriesSets } from '../src/core/series';
import type { DisplaySet, Picture } from '../src/core/stack';
import { volumeOf, type Volume } from '../src/core/volume';
import { bytesOf, gridWithin } from '../src/core/volume3d/layers';
import type { Range } from '../src/core/volume3d/transfer';
import { PhaseControl, type PhaseSession } from '../src/viewport/phase-control';
import type { PictureStore } from '../src/viewport/picture-store';
import { PhaseVolumes } from '../src/viewport/mpr/phase-volumes';
import { PhaseTextures, type Held } from '../src/viewport/volume3d/phase-textures';
import type { Workspace } from '../src/viewport/workspace';
import { slice } from './builders';

const [PLACES, SIDE, COUNT] = [4, 8, 5];
const BYTES = PLACES * SIDE * SIDE * 2;

/** A series of five phases; the values of each are ten times its number. */
function series(): { set: DisplaySet; volume: Volume } {
  const all = Array.from({ length: COUNT * PLACES }, (_, index) => [Math.floor(index / PLACES), index % PLACES] as const);
  const [set] = seriesSets(all.map(([phase, place]) => slice({ Modality: 'MR', Rows: SIDE, Columns: SIDE, PixelSpacing: [1, 1], InstanceNumber: phase, ImagePositionPatient: [0, 0, 2 * place], TriggerTime: 100 * phase })));
  const answer = volumeOf(set as DisplaySet);
  if ('reason' in answer) throw new Error(answer.reason);
  return { set: set as DisplaySet, volume: answer.volume };
}

interface Made {
  textures: PhaseTextures;
  /** Phases in the order in which they became whole. */
  whole: number[];
  dropped: number[];
  values: Map<number, number>;
  wholeOf(phase: number): Promise<Held>;
}

function made(budget: number, range?: Range, broken?: (picture: Picture) => boolean): Made {
  const { set, volume } = series();
  let found = range;
  const [whole, dropped, values] = [[] as number[], [] as number[], new Map<number, number>()];
  const waiting: [number, (held: Held) => void][] = [];
  const load = (_: DisplaySet, picture: Picture): Promise<{ pixels: Float32Array }> => (broken?.(picture) ? Promise.reject(new Error('broken')) : Promise.resolve({ pixels: new Float32Array(SIDE * SIDE).fill(10 * picture.instance.InstanceNumber) }));
  let begun = 0;
  const textures = new PhaseTextures(
    {
      source: set, volume, store: { load } as unknown as PictureStore,
      renderer: {
        mostSide: 64,
        begin: (grid) => {
          begun += 1;
          const id = begun;
          return { grid, texture: {}, put: (_: number, layer: Float32Array) => values.set(id, layer[0] as number), drop: () => dropped.push(id) };
        },
      },
      range: () => found,
      findRange: (layers) => {
        const every = layers.flatMap((layer) => [...layer.values]);
        found = { low: Math.min(...every), high: Math.max(...every) + 10 };
      },
      onProgress: () => undefined,
      onWhole: (held) => {
        whole.push(held.phase);
        for (const [phase, done] of waiting) if (phase === held.phase) done(held);
      },
    },
    budget,
  ); // prettier-ignore
  return { textures, whole, dropped, values, wholeOf: (phase) => new Promise((done) => waiting.push([phase, done])) };
}

describe('textures of phases', () => {
  it('are all filled where they fit, the wanted one first', async () => {
    const { textures, whole, values, wholeOf } = made(COUNT * BYTES, { low: 0, high: 100 });
    expect(textures.fit).toBe(COUNT);
    textures.want(3);
    await wholeOf(2);
    expect(whole).toEqual([3, 4, 0, 1, 2]);
    expect([...values.values()].map((value) => Math.round(value * 100))).toEqual([30, 40, 0, 10, 20]);
    expect([0, 1, 2, 3, 4].every((phase) => textures.isWhole(phase))).toBe(true);
    // Nothing is left to do then, and asking again does nothing.
    expect(textures.want(1)?.whole).toBe(true);
  });
  it('are let go beyond the memory, but for the one on screen', async () => {
    const { textures, whole, dropped, wholeOf } = made(2 * BYTES, { low: 0, high: 100 });
    expect(textures.fit).toBe(2);
    const first = textures.want(0) as Held;
    await wholeOf(1);
    textures.keep(first);
    textures.want(3);
    await wholeOf(4);
    expect(whole).toEqual([0, 1, 3, 4]);
    expect(dropped).toEqual([2]);
    expect([0, 1, 2, 3, 4].filter((phase) => textures.isWhole(phase))).toEqual([0, 3, 4]);
  });
  it('wait for the range of values, which the first whole one gives to all', async () => {
    const { textures, values, wholeOf } = made(COUNT * BYTES);
    textures.want(2);
    await wholeOf(1);
    // From 20 to 30 is 0 to 1; others lie beyond, and are not cut off.
    expect([...values.values()]).toEqual([0, 1, 2, -2, -1]);
  });
  it('are whole with slices missing, and say how many', async () => {
    const { textures, wholeOf } = made(COUNT * BYTES, { low: 0, high: 1 }, ({ instance, position }) => instance.InstanceNumber === 1 && position?.[2] === 4);
    textures.want(1);
    expect(await wholeOf(1)).toMatchObject({ loaded: PLACES - 1, failed: 1, whole: true });
  });
  it('get smaller before any is left out, down to a side that still shows something', () => {
    const { volume } = series();
    const geometry = { ...volume.geometry, columns: 512, rows: 512, places: Array.from({ length: 300 }, (_, index) => index) };
    const whole = gridWithin(geometry, 512, 1, 768 * 2 ** 20);
    expect(whole).toMatchObject({ columns: 512, layers: 300, factor: 1 });
    const ten = gridWithin(geometry, 512, 10, 768 * 2 ** 20);
    expect(ten.factor).toBe(2);
    expect(bytesOf(ten) * 10).toBeLessThanOrEqual(768 * 2 ** 20);
    expect(gridWithin(geometry, 512, 10_000, 2 ** 20).columns).toBeGreaterThan(80);
  });
});

vi.stubGlobal('cancelAnimationFrame', () => undefined);

describe('the control of phases', () => {
  const holder = (session?: PhaseSession): { state(): PhaseSession | undefined } => ({ state: () => session });
  const session = (source: DisplaySet, phase: number): PhaseSession & { asked: number[] } => {
    const asked: number[] = [];
    return { source, asked, state: () => ({ phase }), setPhase: (wanted) => asked.push(wanted), isReady: () => true };
  };
  const workspace = { active: { state: () => ({ set: undefined }) }, changed: new Signal() } as unknown as Workspace;
  const store = {} as PictureStore;
  it('is of what lies uppermost: 3D over planes over panes', () => {
    const { set } = series();
    const [volume, planes] = [session(set, 1), session(set, 3)];
    const both = new PhaseControl(workspace, store, [holder(volume), holder(planes)]);
    expect(both.shown?.phase).toBe(1);
    both.step(1);
    both.step(-2);
    expect(volume.asked).toEqual([2, COUNT - 1]);
    expect(planes.asked).toEqual([]);
    const below = new PhaseControl(workspace, store, [holder(), holder(planes)]);
    below.goTo(0);
    expect(planes.asked).toEqual([0]);
    expect(new PhaseControl(workspace, store, [holder(), holder()]).shown).toBeUndefined();
  });
});

describe('volumes of phases', () => {
  it('are fetched ahead as far as there is room, and never again', async () => {
    vi.stubGlobal('Worker', class { postMessage = vi.fn(); terminate = vi.fn(); }); // prettier-ignore
    const { set, volume } = series();
    const loaded: number[] = [];
    const load = (_: DisplaySet, picture: Picture): Promise<{ pixels: Int16Array }> => {
      loaded.push(picture.instance.InstanceNumber);
      return Promise.resolve({ pixels: new Int16Array(SIDE * SIDE) });
    };
    const volumes = new PhaseVolumes(
      {
        source: set, volume, floating: false, store: { load } as unknown as PictureStore, first: Promise.resolve(), server: undefined,
        cutOf: () => undefined, current: () => 1, onBroken: () => undefined,
        onProgress: (held) => { if (held.loaded === held.total) volumes.fetchAhead(COUNT); },
      },
      2 * BYTES,
    ); // prettier-ignore
    volumes.get(1);
    await new Promise((done) => setTimeout(done, 100));
    expect(loaded).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    volumes.dispose();
    vi.unstubAllGlobals();
  });
});
