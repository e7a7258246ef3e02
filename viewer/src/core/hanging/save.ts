// What is on screen, said as a hanging protocol: which kind of series is where, never which one. Pure.

import { DEFAULT_CHOICE, startsInverted, type GreySetting } from '../display';
import { t } from '../language';
import type { Links } from '../links';
import type { Pose } from '../view';
import { PROJECTIONS, type Candidate, type Features, type StudyKind } from './features';
import type { Look, Protocol, Slot } from './protocol';

export interface SavedPane {
  candidate: Candidate | undefined;
  study: 'current' | 'prior';
  setting: GreySetting;
  pose: Pose;
}

export interface Screen {
  rows: number;
  columns: number;
  panes: readonly SavedPane[];
  links: Links;
}

/** Under what the archive keeps the protocol of a kind of study. */
export const kindId = ({ modality, bodyPart }: StudyKind): string => [modality, bodyPart].filter(Boolean).join('.');

/** What must be of a projection is what it shows; of slices the modality alone, so that the next study is not left empty. */
function split({ modality, view, side, ...rest }: Features): { must: Features; prefer: Features } {
  const named = { ...(view ? { view } : {}), ...(side ? { side } : {}) };
  const projection = PROJECTIONS.has(modality ?? '');
  return { must: { ...(modality ? { modality } : {}), ...(projection ? named : {}) }, prefer: { ...(projection ? {} : named), ...rest } };
}

function lookOf({ choice, inverted, map, custom }: GreySetting, modality: string): Look | undefined {
  const plain = (choice === DEFAULT_CHOICE || custom !== undefined) && inverted === startsInverted(modality) && !map;
  return plain ? undefined : { choice: custom ? DEFAULT_CHOICE : choice, inverted, ...(map ? { map } : {}) };
}

function slotOf({ candidate, study, setting, pose }: SavedPane): Slot | null {
  if (!candidate) return null;
  const { features } = candidate;
  const look = lookOf(setting, features.modality ?? '');
  const turned = (pose.turns !== 0 || pose.mirrored) && features.modality !== 'MG';
  return { ...(study === 'prior' ? { study } : {}), ...split(features), ...(turned ? { pose: { turns: pose.turns, mirrored: pose.mirrored } } : {}), ...(look ? { look } : {}) };
}

export function protocolOf({ rows, columns, panes, links }: Screen, kind: StudyKind): Protocol {
  const { modality, bodyPart } = kind;
  const title = [modality, bodyPart.toLowerCase()].filter(Boolean).join(' ');
  return {
    id: kindId(kind),
    name: t('My {kind}', { kind: title }),
    modality,
    ...(bodyPart ? { bodyPart } : {}),
    stages: [{ name: '', rows, columns, slots: panes.map(slotOf), links }],
    saved: true,
  };
}
