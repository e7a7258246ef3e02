// The hanging protocols that the viewer brings, one row each. The first that suits a study holds; users may choose another.

import type { Features } from './features';
import type { Protocol, Slot, Stage } from './protocol';

const slot = (must: Features, prefer: Features = {}): Slot => ({ must: { localizer: false, ...must }, prefer });
const prior = (must: Features, prefer: Features = {}): Slot => ({ study: 'prior', ...slot(must, prefer) });

const view = (side: 'R' | 'L', name: string): Slot => ({ must: { modality: 'MG', side, view: name } });
const priorView = (side: 'R' | 'L', name: string): Slot => ({ study: 'prior', must: { modality: 'MG', side, view: name } });
const breast = (name: string): Stage => ({ name, rows: 1, columns: 2, slots: [view('R', name), view('L', name)] });
const breastAndPrior = (name: string): Stage => ({
  name: `${name} with prior`,
  rows: 2,
  columns: 2,
  slots: [view('R', name), view('L', name), priorView('R', name), priorView('L', name)],
});

/** What scrolls together by itself when a study stands beside an older one. */
const BESIDE = { scroll: true, offset: true };

const radiographs = (modality: string): Protocol => ({
  id: `${modality.toLowerCase()}-frontal-lateral`,
  name: 'Frontal and lateral',
  modality,
  least: 2,
  stages: [
    { name: 'Frontal, lateral', rows: 1, columns: 2, slots: [{ must: { modality, view: 'FRONTAL' } }, { must: { modality, view: 'LATERAL' } }] },
    { name: 'Frontal with prior', rows: 1, columns: 2, slots: [{ must: { modality, view: 'FRONTAL' } }, { study: 'prior', must: { modality, view: 'FRONTAL' } }] },
    {
      name: 'Both with prior',
      rows: 2,
      columns: 2,
      slots: [
        { must: { modality, view: 'FRONTAL' } },
        { must: { modality, view: 'LATERAL' } },
        { study: 'prior', must: { modality, view: 'FRONTAL' } },
        { study: 'prior', must: { modality, view: 'LATERAL' } },
      ],
    },
  ],
});

const AXES = ['axial', 'coronal', 'sagittal'] as const;
const planes = (modality: string): Stage => ({ name: 'Three planes', rows: 1, columns: 3, slots: AXES.map((plane) => slot({ modality, plane })) });
const axialAndPrior = (modality: string): Stage => ({
  name: 'With prior',
  rows: 1,
  columns: 2,
  slots: [slot({ modality, plane: 'axial' }, { volume: true }), prior({ modality }, { plane: 'axial', volume: true })],
  links: BESIDE,
});

const CT_OF_PET = slot({ modality: 'CT', plane: 'axial' }, { volume: true });
const PET = slot({ modality: 'PT' }, { plane: 'axial', volume: true });

export const PROTOCOLS: readonly Protocol[] = [
  {
    id: 'mammography',
    name: 'Mammography',
    modality: 'MG',
    least: 2,
    stages: [
      { name: 'Four views', rows: 2, columns: 2, slots: [view('R', 'CC'), view('L', 'CC'), view('R', 'MLO'), view('L', 'MLO')] },
      breast('CC'),
      breast('MLO'),
      breastAndPrior('CC'),
      breastAndPrior('MLO'),
    ],
  },
  {
    id: 'pet-ct',
    name: 'PET/CT',
    modality: 'PT',
    needs: ['PT', 'CT'],
    least: 2,
    stages: [
      { name: 'CT, PET, PET over CT', rows: 1, columns: 3, slots: [CT_OF_PET, PET, { over: [0, 1] }], links: { scroll: true, view: true } },
      { name: 'CT, PET', rows: 1, columns: 2, slots: [CT_OF_PET, PET], links: { scroll: true, view: true } },
      { name: 'PET', rows: 1, columns: 1, slots: [slot({ modality: 'PT' }, { volume: true })] },
      { name: 'PET with prior', rows: 1, columns: 2, slots: [slot({ modality: 'PT' }, { volume: true }), prior({ modality: 'PT' }, { volume: true })], links: BESIDE },
    ],
  },
  radiographs('DX'),
  radiographs('CR'),
  {
    id: 'ct',
    name: 'CT',
    modality: 'CT',
    stages: [
      { name: 'Native, contrast', rows: 1, columns: 2, slots: [slot({ modality: 'CT', plane: 'axial', volume: true, contrast: false }), slot({ modality: 'CT', plane: 'axial', volume: true, contrast: true })] },
      planes('CT'),
      { name: 'Axial', rows: 1, columns: 1, slots: [slot({ modality: 'CT', plane: 'axial' }, { volume: true })] },
      axialAndPrior('CT'),
    ],
  },
  {
    id: 'mr',
    name: 'MR',
    modality: 'MR',
    stages: [
      { name: 'Four axial', rows: 2, columns: 2, slots: Array.from({ length: 4 }, () => slot({ modality: 'MR', plane: 'axial', volume: true })) },
      planes('MR'),
      { name: 'Native, contrast', rows: 1, columns: 2, slots: [slot({ modality: 'MR', plane: 'axial', volume: true, contrast: false }), slot({ modality: 'MR', plane: 'axial', volume: true, contrast: true })] },
      { name: 'Axial', rows: 1, columns: 1, slots: [slot({ modality: 'MR', plane: 'axial' }, { volume: true })] },
      axialAndPrior('MR'),
    ],
  },
  {
    id: 'current-prior',
    name: 'Current beside prior',
    modality: '',
    stages: [{ name: '', rows: 1, columns: 2, slots: [slot({}, { volume: true }), prior({})], links: BESIDE }],
  },
];
