import { expect, test } from 'vitest';
import { readPlace, writePlace, type ViewerPlace } from '../src/core/deep-link';
import { ALL } from '../src/core/study-filter';

const place: ViewerPlace = { page: 'viewer', studies: ['1.2', '1.3'], series: '1.2.1', instance: '', layout: { rows: 2, columns: 2, panes: ['1.2.1', '', '1.3.9', ''] } };

test('a link names studies, layout and what is in it', () => {
  const written = writePlace(place);
  expect(written).toBe('/viewer?StudyInstanceUIDs=1.2,1.3&SeriesInstanceUID=1.2.1&Layout=2x2&Panes=1.2.1,,1.3.9,');
  expect(readPlace('/viewer', written.replace('/viewer', ''))).toEqual(place);
});

test('the address of the list has its order and filters, and never what may be a name', () => {
  const filter = { ...ALL, modality: 'CT', range: 'week', institution: 'St. Mary, east', status: 'key-images' } as const;
  const written = writePlace({ page: 'list', sort: { key: 'name', descending: false }, filter: { ...filter, search: 'Doe' } });
  expect(written).toBe('/?orderby=PatientName&date=week&modality=CT&institution=St.%20Mary%2C%20east&status=key-images');
  expect(readPlace('/', written.slice(1))).toEqual({ page: 'list', sort: { key: 'name', descending: false }, filter });
  expect(readPlace('/', '?date=1999&modality=<b>&status=asleep&search=Doe')).toEqual({ page: 'list' });
  expect(writePlace({ page: 'list', filter: ALL })).toBe('/');
});

test('layouts that there are not are left out', () => {
  expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2&Layout=9x9&Panes=1')).toEqual({ page: 'viewer', studies: ['1.2'], series: '', instance: '' });
  expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2&Layout=1x2&Panes=<b>')).toMatchObject({ layout: { panes: ['', ''] } });
});

test('a link to a picture names frame and window, and nothing that makes no sense', () => {
  const place = { page: 'viewer', studies: ['1.2'], series: '1.2.3', instance: '1.2.3.4', frame: 7, window: { center: -0.5, width: 12.25, function: 'LINEAR_EXACT' } } as const;
  const address = writePlace({ ...place, studies: ['1.2'] });
  expect(readPlace('/viewer', address.slice(address.indexOf('?')))).toEqual(place);
  for (const nonsense of ['Window=40', 'Window=40,0', 'Window=,400', 'Window=a,b', 'SOPInstanceUID=1.2&Frame=0', 'Frame=2', 'SOPInstanceUID=1.2&Frame=x']) {
    const read = readPlace('/viewer', `?StudyInstanceUIDs=1.2&${nonsense}`);
    expect('frame' in read || 'window' in read, nonsense).toBe(false);
  }
  expect(readPlace('/viewer', '?StudyInstanceUIDs=1.2&Window=40,400,<b>')).toMatchObject({ window: { center: 40, width: 400, function: 'LINEAR' } });
});
