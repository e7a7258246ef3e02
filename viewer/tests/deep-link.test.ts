import { expect, test } from 'vitest';
import { readPlace, writePlace, type ViewerPlace } from '../src/core/deep-link';

const place: ViewerPlace = { page: 'viewer', studies: ['1.2', '1.3'], series: '1.2.1', instance: '', layout: { rows: 2, columns: 2, panes: ['1.2.1', '', '1.3.9', ''] } };

test('a link names studies, layout and what is in it', () => {
  const written = writePlace(place);
  expect(written).toBe('/viewer?StudyInstanceUIDs=1.2,1.3&SeriesInstanceUID=1.2.1&Layout=2x2&Panes=1.2.1,,1.3.9,');
  expect(readPlace('/viewer', written.replace('/viewer', ''))).toEqual(place);
});

test('layouts that there are not are left out', () => {
  expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2&Layout=9x9&Panes=1')).toEqual({ page: 'viewer', studies: ['1.2'], series: '', instance: '' });
  expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2&Layout=1x2&Panes=<b>')).toMatchObject({ layout: { panes: ['', ''] } });
});
