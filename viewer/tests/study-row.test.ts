import { expect, it } from 'vitest';

import { namedModalities } from '../src/core/study-row';

it('names images before what is about them, and counts what is not named', () => {
  expect(namedModalities(['CT', 'DOC', 'KO', 'PR', 'PT', 'SEG'])).toEqual({ named: ['CT', 'PT'], more: 4 });
  expect(namedModalities(['KO', 'MR'])).toEqual({ named: ['MR', 'KO'], more: 0 });
  expect(namedModalities(['RTSTRUCT', 'RTDOSE', 'KO'])).toEqual({ named: ['RTSTRUCT'], more: 2 });
  expect(namedModalities(['RTPLAN', 'CT'])).toEqual({ named: ['CT', 'RTPLAN'], more: 0 });
  expect(namedModalities([])).toEqual({ named: [], more: 0 });
});
