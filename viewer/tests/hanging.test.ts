import { expect, test } from 'vitest';
import { DEFAULT_CHOICE } from '../src/core/display';
import { LINKS } from '../src/core/links';
import { breastPose, breastView, commonScale, type Mammogram } from '../src/core/hanging/breast';
import { candidatesOf, kindOf, planeName, type Candidate } from '../src/core/hanging/features';
import { firstStage, hang, isComplete, protocolsFor, type Protocol } from '../src/core/hanging/protocol';
import { PROTOCOLS } from '../src/core/hanging/protocols';
import { kindId, protocolOf } from '../src/core/hanging/save';
import { edgeLetters } from '../src/core/orientation';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { FIT, imageToPane } from '../src/core/view';
import { slice } from './builders';

const AXIAL = [1, 0, 0, 0, 1, 0];
const CORONAL = [1, 0, 0, 0, 0, -1];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

let series = 0;
function stack(count: number, values: Parameters<typeof slice>[0], study = '1'): DisplaySet[] {
  series += 1;
  const along = (n: number): number[] => [n, n, n];
  return displaySets(Array.from({ length: count }, (_, n) => slice({ StudyInstanceUID: study, SeriesInstanceUID: `${study}.${series}`, SeriesNumber: series, InstanceNumber: n + 1, ImagePositionPatient: along(n), ...values })));
}
/** Slices that make a volume, in a frame of reference. */
function volume(values: Parameters<typeof slice>[0], FrameOfReferenceUID = '7'): DisplaySet[] {
  series += 1;
  return displaySets(Array.from({ length: 9 }, (_, n) => slice({ SeriesInstanceUID: `1.${series}`, SeriesNumber: series, InstanceNumber: n + 1, ImagePositionPatient: [0, 0, n], PixelSpacing: [1, 1], FrameOfReferenceUID, ...values })));
}
const mammogram = (ImageLaterality: string, ViewPosition: string): DisplaySet[] =>
  stack(1, { Modality: 'MG', ImageLaterality, ViewPosition, BodyPartExamined: 'BREAST', ImageOrientationPatient: [] });
const described = (found: readonly (Candidate | undefined)[]): string[] => found.map((one) => one?.features.description ?? '–');
const builtIn = (id: string): Protocol => PROTOCOLS.find((protocol) => protocol.id === id) as Protocol;

test('features are read from plane, view codes, side and contrast', () => {
  const code = { '00080100': { vr: 'SH', Value: ['399368009'] } };
  const [mlo] = candidatesOf(stack(1, { Modality: 'MG', ViewCodeSequence: [code], Laterality: 'L', ImageOrientationPatient: [] }));
  expect(mlo?.features).toMatchObject({ modality: 'MG', view: 'MLO', side: 'L', contrast: false });
  const [ct] = candidatesOf(stack(9, { Modality: 'CT', ContrastBolusAgent: 'Iodine', ImageOrientationPatient: CORONAL }));
  expect(ct?.features).toMatchObject({ plane: 'coronal', contrast: true, volume: true });
  expect(planeName({ orientation: { row: [0.8, 0.6, 0], column: [0, 0, -1] } } as unknown as Candidate['picture'])).toBeUndefined();
  const two = candidatesOf(displaySets([slice({ Modality: 'DX', ViewPosition: 'PA' }), slice({ Modality: 'DX', ViewPosition: 'LL' })]));
  expect(two.map(({ features, single }) => [features.view, single])).toEqual([['FRONTAL', true], ['LATERAL', true]]);
});

test('four mammograms go where they are read, whatever their order', () => {
  const all = candidatesOf([...mammogram('L', 'MLO'), ...mammogram('R', 'CC'), ...mammogram('R', 'MLO'), ...mammogram('L', 'CC')]);
  const [protocol] = protocolsFor(kindOf(all), PROTOCOLS);
  expect(protocol?.id).toBe('mammography');
  expect(firstStage(protocol as Protocol, all, undefined)).toBe(0);
  const hung = hang(builtIn('mammography').stages[0] as Protocol['stages'][number], all, []);
  expect(hung.map((one) => `${one?.features.side}${one?.features.view}`)).toEqual(['RCC', 'LCC', 'RMLO', 'LMLO']);
  expect(firstStage(builtIn('mammography'), all.filter(({ features }) => features.view === 'MLO'), undefined)).toBe(2);
});

test.each([
  ['R', 'CC', ['P', 'L']], ['R', 'CC', ['A', 'R']], ['L', 'CC', ['A', 'R']], ['L', 'CC', ['P', 'L']], ['L', 'CC', ['R', 'P']],
  ['R', 'MLO', ['P', 'FL']], ['L', 'MLO', ['P', 'HL']], ['L', 'MLO', ['A', 'FR']], ['R', 'MLO', ['H', 'A']],
] as const)('a %s %s lying as %s has its chest wall inside', (side, view, letters) => {
  const pose = breastPose(side, view, letters);
  const edges = pose && edgeLetters(undefined, letters, pose);
  expect(edges?.[side === 'R' ? 'right' : 'left']).toMatch(/^P/);
  expect(edges?.bottom).toContain(view === 'CC' ? (side === 'R' ? 'L' : 'R') : 'F');
});

test('without PatientOrientation nothing is mirrored', () => {
  expect(breastPose('R', 'CC', [])).toBeUndefined();
});

test('mammograms have one scale and touch the middle', () => {
  const pane = { width: 600, height: 400 };
  const shape = (columns: number, rows: number): Mammogram['shape'] => ({ columns, rows, pixelWidth: 1, pixelHeight: 1 });
  const right: Mammogram = { shape: shape(200, 300), pane, side: 'R', unit: 0.1, pose: { turns: 0, mirrored: true } };
  const left: Mammogram = { shape: shape(400, 250), pane, side: 'L', unit: 0.07, pose: { turns: 1, mirrored: false } };
  const scale = commonScale([right, left]);
  expect(scale).toBeCloseTo(Math.min(400 / 30, 600 / 17.5, 400 / 28));
  const [ofRight, ofLeft] = [breastView(right, scale), breastView(left, scale)];
  // Mirrored: the left edge of the picture is at the right of the pane.
  expect(imageToPane([-100, 0], ofRight, right.shape, pane)[0]).toBeCloseTo(600);
  expect(imageToPane([100, 0], ofRight, right.shape, pane)[0]).toBeCloseTo(600 - 20 * scale);
  // Turned a quarter to the right: the bottom of the picture is at the left of the pane.
  expect(imageToPane([0, 125], ofLeft, left.shape, pane)[0]).toBeCloseTo(0);
  expect(imageToPane([0, -125], ofLeft, left.shape, pane)[0]).toBeCloseTo(17.5 * scale);
});

test('a CT with and without contrast shows both, a plain one only its axial slices', () => {
  const axial = (agent: string, description: string): DisplaySet[] => stack(9, { Modality: 'CT', BodyPartExamined: 'CHEST', SeriesDescription: description, ImageOrientationPatient: AXIAL, ...(agent ? { ContrastBolusAgent: agent } : {}) });
  const scout = stack(1, { Modality: 'CT', ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'], SeriesDescription: 'scout', ImageOrientationPatient: CORONAL });
  const both = candidatesOf([...scout, ...axial('Iodine', 'portal'), ...axial('', 'native')]);
  const ct = builtIn('ct');
  expect(firstStage(ct, both, undefined)).toBe(0);
  expect(described(hang(ct.stages[0] as (typeof ct.stages)[number], both, []))).toEqual(['native', 'portal']);
  const plain = candidatesOf([...scout, ...axial('', 'thick'), ...axial('', 'thin')]);
  expect(ct.stages[firstStage(ct, plain, undefined) as number]?.name).toBe('Axial');
});

test('MR planes stand beside each other; a PET/CT shows both; radiographs frontal first', () => {
  const planes = candidatesOf([...stack(9, { Modality: 'MR', SeriesDescription: 'sag', ImageOrientationPatient: SAGITTAL }), ...stack(9, { Modality: 'MR', SeriesDescription: 'cor', ImageOrientationPatient: CORONAL }), ...stack(9, { Modality: 'MR', SeriesDescription: 'ax', ImageOrientationPatient: AXIAL })]);
  const mr = builtIn('mr');
  expect(described(hang(mr.stages[firstStage(mr, planes, undefined) as number] as (typeof mr.stages)[number], planes, []))).toEqual(['ax', 'cor', 'sag']);
  const fused = candidatesOf([...volume({ Modality: 'PT', SeriesDescription: 'pet' }), ...volume({ Modality: 'CT', SeriesDescription: 'ct' })]);
  const [petCt] = protocolsFor(kindOf(fused), PROTOCOLS);
  const inOne = firstStage(petCt as Protocol, fused, undefined) as number;
  const panes = hang((petCt as Protocol).stages[inOne] as Protocol['stages'][number], fused, []);
  expect(described(panes)).toEqual(['ct', 'pet', 'ct']);
  expect([panes[2]?.set.fusion?.base.modality, panes[2]?.set.fusion?.overlay.modality]).toEqual(['CT', 'PT']);
  const apart = candidatesOf([...volume({ Modality: 'PT', SeriesDescription: 'pet' }, '8'), ...volume({ Modality: 'CT', SeriesDescription: 'ct' })]);
  const beside = firstStage(petCt as Protocol, apart, undefined) as number;
  expect(described(hang((petCt as Protocol).stages[beside] as Protocol['stages'][number], apart, []))).toEqual(['ct', 'pet']);
  const chest = candidatesOf(displaySets([slice({ Modality: 'DX', ViewPosition: 'LL', InstanceNumber: 1 }), slice({ Modality: 'DX', ViewPosition: 'PA', InstanceNumber: 2 })]));
  const [dx] = protocolsFor(kindOf(chest), PROTOCOLS);
  expect(hang((dx as Protocol).stages[0] as Protocol['stages'][number], chest, []).map((one) => one?.features.view)).toEqual(['FRONTAL', 'LATERAL']);
});

test('a prior is chosen to be like the current one', () => {
  const ct = (description: string, plane: number[], study: string): DisplaySet[] => stack(9, { Modality: 'CT', SeriesDescription: description, ImageOrientationPatient: plane }, study);
  const current = candidatesOf(ct('lung', AXIAL, '1'));
  const prior = candidatesOf([...ct('cor', CORONAL, '2'), ...ct('soft', AXIAL, '2'), ...ct('lung', AXIAL, '2')]);
  const beside = builtIn('ct').stages.at(-1) as Protocol['stages'][number];
  expect(described(hang(beside, current, prior))).toEqual(['lung', 'lung']);
  expect(isComplete(beside, current, undefined)).toBe(true);
  expect(isComplete(beside, current, [])).toBe(false);
});

test('what is on screen becomes a protocol that shows the next study the same way', () => {
  const study = (uid: string): Candidate[] => candidatesOf([...stack(9, { Modality: 'CT', BodyPartExamined: 'CHEST', SeriesDescription: 'lung', ImageOrientationPatient: AXIAL }, uid), ...stack(9, { Modality: 'CT', SeriesDescription: 'cor', ImageOrientationPatient: CORONAL }, uid)]);
  const today = study('1');
  const pane = (candidate: Candidate | undefined, choice: string): Parameters<typeof protocolOf>[0]['panes'][number] => ({ candidate, study: 'current', setting: { choice, inverted: false }, pose: { ...FIT, mirrored: true } });
  const saved = protocolOf({ rows: 1, columns: 3, links: LINKS, panes: [pane(today[1], 'ct-lung'), pane(undefined, DEFAULT_CHOICE), pane(today[0], DEFAULT_CHOICE)] }, kindOf(today));
  expect(saved.id).toBe('CT.CHEST');
  expect(JSON.stringify(saved)).not.toContain('1.2');
  const next = study('7');
  const [chosen] = protocolsFor(kindOf(next), [...PROTOCOLS, saved]);
  expect(chosen).toBe(saved);
  expect(described(hang(saved.stages[0] as Protocol['stages'][number], next, []))).toEqual(['cor', '–', 'lung']);
  expect(saved.stages[0]?.slots[0]).toMatchObject({ pose: { turns: 0, mirrored: true }, look: { choice: 'ct-lung' } });
  expect(protocolsFor(kindOf(candidatesOf(stack(9, { Modality: 'MR' }))), [saved])).toEqual([]);
  expect(kindId({ modality: 'MR', bodyPart: '', modalities: new Set(), views: 1 })).toBe('MR');
});
