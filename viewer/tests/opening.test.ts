import { expect, test } from 'vitest';
import { seriesHead, seriesMetadata, type SeriesOpening } from '../src/core/opening';

const uid = (value: string): { vr: string; Value: string[] } => ({ vr: 'UI', Value: [value] });
const series: SeriesOpening = {
  etag: 'e',
  instances: 3,
  shared: {
    '0020000D': uid('1'),
    '0020000E': uid('1.2'),
    '00283010': { vr: 'SQ', Value: [{ '00283006': { vr: 'OW', BulkDataURI: '~/00283010/0/00283006' } }] },
    '7FE00010': { vr: 'OW', BulkDataURI: '~/7FE00010' },
  },
  own: {
    '00080018': { vr: 'UI', values: [['1.2.1'], ['1.2.2'], ['1.2.3']] },
    '00200032': { vr: 'DS', values: [[0, 0, 1], null, []] },
    '00091001': { elements: [{ vr: 'UN', InlineBinary: 'AAAA' }, null, { vr: 'OB', BulkDataURI: '~/00091001' }] },
  },
};

test('what all share and what is each one’s own make the metadata again', () => {
  const [first, second, third] = seriesMetadata(series);
  expect(first?.['00080018']?.Value).toEqual(['1.2.1']);
  expect(first?.['00200032']).toEqual({ vr: 'DS', Value: [0, 0, 1] });
  expect(first?.['00091001']).toEqual({ vr: 'UN', InlineBinary: 'AAAA' });
  expect(second && '00200032' in second).toBe(false);
  expect(second && '00091001' in second).toBe(false);
  expect(third?.['00200032']).toEqual({ vr: 'DS' });
});

test('bulk data are below the object’s own address, in items too', () => {
  const base = '/dicom-web/studies/1/series/1.2/instances';
  const [first, , third] = seriesMetadata(series);
  expect(first?.['7FE00010']?.BulkDataURI).toBe(`${base}/1.2.1/bulkdata/7FE00010`);
  expect(third?.['7FE00010']?.BulkDataURI).toBe(`${base}/1.2.3/bulkdata/7FE00010`);
  expect(third?.['00091001']?.BulkDataURI).toBe(`${base}/1.2.3/bulkdata/00091001`);
  expect(third?.['00283010']?.Value?.[0]).toEqual({ '00283006': { vr: 'OW', BulkDataURI: `${base}/1.2.3/bulkdata/00283010/0/00283006` } });
  expect(series.shared['7FE00010']?.BulkDataURI).toBe('~/7FE00010');
});

test('the head of a series is that of its first object', () => {
  expect(seriesHead(series)['00080018']?.Value).toEqual(['1.2.1']);
  expect(seriesHead(series)['0020000E']?.Value).toEqual(['1.2']);
});
