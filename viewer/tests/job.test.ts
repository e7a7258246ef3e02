import { expect, test } from 'vitest';
import { ExportJob } from '../src/viewport/export/job';

test('a file is made one at a time, tells how far it is, and can be given up', async () => {
  const job = new ExportJob();
  const told: (string | undefined)[] = [];
  job.changed.listen(() => told.push(job.state() && `${job.state()?.done} / ${job.state()?.total}`));
  expect(job.cancel()).toBe(false);
  const running = job.run('Saving', ({ signal, progress }) => new Promise((_, fail) => {
    progress(3, 9);
    signal.addEventListener('abort', () => {
      progress(4, 9);
      fail(new Error('stopped'));
    });
  }));
  expect(await job.run('Another', () => Promise.resolve('made'))).toBe('Another file is still being made');
  expect(job.cancel()).toBe(true);
  expect(await running).toBe('Given up: no file is saved');
  expect(told).toEqual(['0 / 0', '3 / 9', undefined]);
  expect(await job.run('Another', () => Promise.resolve('made'))).toBe('made');
  await expect(job.run('Broken', () => Promise.reject(new Error('no values')))).rejects.toThrow('no values');
  expect(job.state()).toBeUndefined();
});
