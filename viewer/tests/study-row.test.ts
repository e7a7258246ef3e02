import { expect, it } from 'vitest';

import { namedModalities } from '../src/core/study-row';

it('names images before what is about them, and counts what is not named', () => {
  expect(namedModalities(['CT', 'DOC', 'KO', 'PR', 'PT', 'SEG'], 2)).toEqual({ named: ['CT', 'PT'], more: 4 });
  expect(namedModalities(['KO', 'MR'], 2)).toEqual({ named: ['MR', 'KO'], more: 0 });
  expect(namedModalities([], 2)).toEqual({ named: [], more: 0 });
});
