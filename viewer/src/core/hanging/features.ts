// What hanging protocols look at in what could be shown: modality, plane, view, side, contrast. Pure.
// Of projections (mammography, radiographs) each picture is a candidate of its own; of everything else each display set.

import { items, text, texts } from '../dicom-json';
import { normal } from '../geometry';
import type { DisplaySet, Picture } from '../stack';

export interface Features {
  modality?: string;
  kind?: 'stack' | 'clip';
  plane?: 'axial' | 'coronal' | 'sagittal';
  /** FRONTAL, LATERAL, CC, MLO, ML, LM, or ViewPosition as it is. */
  view?: string;
  side?: 'R' | 'L';
  contrast?: boolean;
  /** A survey picture. */
  localizer?: boolean;
  /** Enough slices to scroll through. */
  volume?: boolean;
  description?: string;
  number?: number;
}

export interface Candidate {
  set: DisplaySet;
  /** The picture it is about; the one in the middle of a stack. */
  picture: Picture;
  /** Only this picture of the set is meant. */
  single: boolean;
  features: Features;
}

export const PROJECTIONS: ReadonlySet<string> = new Set(['MG', 'CR', 'DX', 'RG', 'PX', 'IO']);
const LEAST_VOLUME = 8;
const LONGEST_DESCRIPTION = 64;

/** View codes of PS3.16 CID 4014 and 4010: SNOMED CT and its older IDs. */
const VIEW_CODES: Readonly<Record<string, string>> = {
  '399162004': 'CC', 'R-10242': 'CC', '399368009': 'MLO', 'R-10226': 'MLO', '399260004': 'ML', 'R-10224': 'ML', '399352003': 'LM', 'R-10228': 'LM',
  '399348003': 'FRONTAL', 'R-10206': 'FRONTAL', '272479007': 'FRONTAL', 'R-10214': 'FRONTAL', '399067008': 'LATERAL', 'R-10236': 'LATERAL', '399198007': 'LATERAL', '399173006': 'LATERAL',
}; // prettier-ignore
const VIEW_POSITIONS: Readonly<Record<string, string>> = {
  PA: 'FRONTAL', AP: 'FRONTAL', LL: 'LATERAL', RL: 'LATERAL', LAT: 'LATERAL', LATERAL: 'LATERAL',
}; // prettier-ignore

function viewOf({ instance: { dataSet } }: Picture): string {
  const code = items(dataSet, 'ViewCodeSequence')[0];
  const position = text(dataSet, 'ViewPosition').toUpperCase();
  return VIEW_CODES[text(code, 'CodeValue')] ?? VIEW_POSITIONS[position] ?? position;
}

function sideOf({ instance: { dataSet } }: Picture): 'R' | 'L' | undefined {
  const side = text(dataSet, 'ImageLaterality') || text(dataSet, 'Laterality');
  return side === 'R' || side === 'L' ? side : undefined;
}

const PLANES = ['sagittal', 'coronal', 'axial'] as const;
/** Cosine of the most a plane may be turned out of its name: 25°. */
const NEAR = 0.9;

/** The plane's name; undefined where it is oblique or nobody says. */
export function planeName({ orientation }: Picture): Features['plane'] {
  if (!orientation) return undefined;
  const along = normal(orientation).map(Math.abs);
  return PLANES.find((_, axis) => (along[axis] as number) > NEAR);
}

function featuresOf(set: DisplaySet, picture: Picture): Features {
  const { dataSet } = picture.instance;
  const [plane, view, side, description] = [planeName(picture), viewOf(picture), sideOf(picture), set.description.slice(0, LONGEST_DESCRIPTION)];
  return {
    modality: set.modality,
    kind: set.kind === 'clip' ? 'clip' : 'stack',
    contrast: text(dataSet, 'ContrastBolusAgent') !== '',
    localizer: texts(dataSet, 'ImageType').includes('LOCALIZER'),
    volume: set.pictures.length >= LEAST_VOLUME,
    ...(plane ? { plane } : {}),
    ...(view ? { view } : {}),
    ...(side ? { side } : {}),
    ...(description ? { description } : {}),
    ...(set.number === undefined || set.number < 0 ? {} : { number: set.number }),
  };
}

/** Everything of a study that has pictures, in its order. */
export function candidatesOf(sets: readonly DisplaySet[]): Candidate[] {
  return sets.flatMap((set): Candidate[] => {
    if (set.kind === 'document' || set.pictures.length === 0) return [];
    if (set.kind === 'stack' && PROJECTIONS.has(set.modality)) return set.pictures.map((picture) => ({ set, picture, single: true, features: featuresOf(set, picture) }));
    const picture = set.pictures[Math.floor(set.pictures.length / 2)] as Picture;
    return [{ set, picture, single: false, features: featuresOf(set, picture) }];
  });
}

export interface StudyKind {
  modality: string;
  bodyPart: string;
  modalities: ReadonlySet<string>;
  /** How many things could be shown. */
  views: number;
}

/** The modality that decides: the one that a study is called by among several. */
const FIRST = ['MG', 'PT', 'NM'];

export function kindOf(candidates: readonly Candidate[]): StudyKind {
  const modalities = new Set(candidates.map(({ features }) => features.modality ?? ''));
  const modality = FIRST.find((one) => modalities.has(one)) ?? candidates[0]?.features.modality ?? '';
  const parts = candidates.filter(({ features }) => features.modality === modality).map(({ picture }) => text(picture.instance.dataSet, 'BodyPartExamined'));
  const bodyPart = (parts.find(Boolean) ?? '').toUpperCase().replace(/[^A-Z0-9]/g, '').slice(0, 16);
  return { modality, bodyPart, modalities, views: candidates.length };
}

