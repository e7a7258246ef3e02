import { describe, expect, it, vi } from 'vitest';
import { lookFrom, panBy, zoomBy } from '../src/core/volume3d/camera';
import { gridOf } from '../src/core/volume3d/layers';
import { projectionQuery } from '../src/core/volume3d/projection';
import { TextureSpace } from '../src/core/volume3d/space';
import type { VolumeGeometry } from '../src/core/volume';
import { Projector } from '../src/viewport/volume3d/projector';

const GEOMETRY: VolumeGeometry = { columns: 40, rows: 30, origin: [-10, 5, 100], row: [1, 0, 0], column: [0, 1, 0], line: [0, 0, 1], normal: [0, 0, 1], columnStep: 1, rowStep: 2, places: [0, 3, 6, 9] } as unknown as VolumeGeometry;

describe('a projection by the archive', () => {
  it('shows each place where it would be drawn here', () => {
    const space = new TextureSpace(GEOMETRY, gridOf(GEOMETRY, 4096));
    const camera = panBy(zoomBy(lookFrom('L'), 1.7), 4, -3);
    const [width, height] = [300, 200];
    const asked = new Map(projectionQuery(space, camera, { width, height }, { center: 40, width: 400 }, '1.2').split('&').map((part) => part.split('=') as [string, string]));
    expect([asked.get('through'), asked.get('window'), asked.get('instance')]).toEqual(['true', '40,400,linear-exact', '1.2']);
    const of = (name: string): number[] => (asked.get(name) ?? '').split(',').map(Number);
    const [origin, right, down, spacing] = [of('origin'), of('right'), of('down'), Number(asked.get('spacing'))];
    for (const place of [[0, 20, 104], [22, 50, 100]] as const) {
      const away = place.map((value, axis) => value - (origin[axis] as number));
      const along = (line: number[]): number => away.reduce((sum, value, axis) => sum + value * (line[axis] as number), 0) / spacing;
      const [x, y] = space.onScreen(place, camera, width / height);
      expect(along(right)).toBeCloseTo(((x + 1) / 2) * width - 0.5, 6);
      expect(along(down)).toBeCloseTo(((1 - y) / 2) * height - 0.5, 6);
    }
    expect(projectionQuery(space, camera, { width, height }, undefined, '')).not.toMatch(/window|instance/);
  });
});

describe('asking for projections', () => {
  it('has one under way, leaves out what is no longer wanted, and takes a large one at rest', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('document', { createElement: () => ({ getContext: () => ({ drawImage: () => undefined }) }) });
    const sizes: number[] = [];
    const drawn: boolean[] = [];
    const answers: (() => void)[] = [];
    const projector = new Projector(
      () => ({ width: 1000, height: 500 }),
      ({ width, height }) => {
        sizes.push(width);
        return new Promise((resolve) => answers.push(() => resolve({ width, height, close: () => undefined })));
      },
      (rests) => drawn.push(rests),
      () => undefined,
    );
    const answer = async (): Promise<void> => {
      answers.shift()?.();
      await vi.advanceTimersByTimeAsync(1);
    };
    for (let turn = 0; turn < 5; turn += 1) projector.ask();
    expect(sizes).toEqual([384]);
    projector.ask();
    await answer();
    expect(sizes).toEqual([384, 384]); // of the last wish
    await answer();
    expect([sizes.length, projector.fresh()]).toEqual([2, undefined]);
    await vi.advanceTimersByTimeAsync(200);
    expect(sizes).toEqual([384, 384, 1000]);
    await answer();
    expect(drawn).toEqual([false, false, false, true]);
    expect(projector.fresh()).toBe(projector.canvas);
    projector.dispose();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
});
