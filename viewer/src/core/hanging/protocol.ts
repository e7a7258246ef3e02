// Hanging protocols as data, and which candidate goes into which pane. Pure.
// A protocol has stages; a stage is a grid of slots; a slot says what it must and should show, of the current or a prior study.

import { fused } from '../fusion';
import type { Links } from '../links';
import type { Pose } from '../view';
import type { Candidate, Features, StudyKind } from './features';

export interface Look {
  choice: string;
  inverted: boolean;
  map?: string | null;
}

export interface Slot {
  study?: 'current' | 'prior';
  must?: Features;
  prefer?: Features;
  pose?: Pose;
  look?: Look;
  /** What the second of these panes shows lies over what the first one shows. */
  over?: readonly [base: number, overlay: number];
}

export interface Stage {
  name: string;
  rows: number;
  columns: number;
  slots: readonly (Slot | null)[];
  links?: Partial<Links>;
}

export interface Protocol {
  id: string;
  name: string;
  /** One of these must be in the study; "" fits any. */
  modality: string;
  bodyPart?: string;
  /** All of these must be in the study. */
  needs?: readonly string[];
  /** How many things to show there must be. */
  least?: number;
  stages: readonly Stage[];
  /** Saved by a user. */
  saved?: boolean;
}

const same = (wanted: Features, found: Features): (keyof Features)[] => (Object.keys(wanted) as (keyof Features)[]).filter((key) => wanted[key] === found[key]);
const fits = (must: Features, found: Features): boolean => same(must, found).length === Object.keys(must).length;

/** How much it counts that a feature is as preferred. */
const WEIGHTS: Readonly<Record<keyof Features, number>> = { modality: 8, view: 8, side: 8, plane: 4, description: 4, contrast: 2, localizer: 2, kind: 2, volume: 2, number: 1 };

const score = (prefer: Features, found: Features): number => same(prefer, found).reduce((sum, key) => sum + WEIGHTS[key], 0);

function best(candidates: readonly Candidate[], slot: Slot, like: Features): Candidate | undefined {
  const fitting = candidates.filter(({ features }) => fits(slot.must ?? {}, features));
  const ranked = fitting.map((candidate) => ({ candidate, points: score({ localizer: false, ...like, ...slot.prefer }, candidate.features) }));
  return ranked.reduce<(typeof ranked)[number] | undefined>((top, one) => (!top || one.points > top.points ? one : top), undefined)?.candidate;
}

export type Hung = (Candidate | undefined)[];

/** What each pane of a stage shows; a prior is chosen to be like the current one before it. */
export function hang(stage: Stage, current: readonly Candidate[], prior: readonly Candidate[]): Hung {
  const left = { current: [...current], prior: [...prior] };
  let like: Features = {};
  const hung: Hung = [];
  for (let index = 0; index < stage.rows * stage.columns; index++) hung.push(chosenFor(stage.slots[index]));
  return hung;

  function chosenFor(slot: Slot | null | undefined): Candidate | undefined {
    if (!slot) return undefined;
    if (slot.over) return oneOver(hung[slot.over[0]], hung[slot.over[1]]);
    const study = slot.study ?? 'current';
    const chosen = best(left[study], slot, study === 'prior' ? like : {});
    if (!chosen) return undefined;
    if (study === 'current') like = chosen.features;
    left[study].splice(left[study].indexOf(chosen), 1);
    return chosen;
  }
}

function oneOver(base: Candidate | undefined, overlay: Candidate | undefined): Candidate | undefined {
  const set = base && overlay && fused(base.set, overlay.set);
  return base && typeof set === 'object' ? { ...base, set, single: false } : undefined;
}

export const needsPrior = (stage: Stage): boolean => stage.slots.some((slot) => slot?.study === 'prior');

/** Whether every slot of the stage finds something, those of priors where there is a prior. */
export function isComplete(stage: Stage, current: readonly Candidate[], prior: readonly Candidate[] | undefined): boolean {
  const hung = hang(stage, current, prior ?? []);
  return stage.slots.every((slot, index) => !slot || hung[index] !== undefined || (slot.study === 'prior' && prior === undefined));
}

function suits(protocol: Protocol, kind: StudyKind): boolean {
  const { modality, bodyPart, needs = [], least = 1 } = protocol;
  if (modality !== '' && !kind.modalities.has(modality)) return false;
  if (protocol.saved && modality !== kind.modality) return false;
  if (bodyPart && bodyPart !== kind.bodyPart) return false;
  return needs.every((one) => kind.modalities.has(one)) && kind.views >= least;
}

/**
 * Protocols for a kind of study, the closest first: saved ones, then those that name the body part, in the order of the
 * table; those for any kind only where none of its own compares with a prior.
 */
export function protocolsFor(kind: StudyKind, protocols: readonly Protocol[]): Protocol[] {
  const rank = ({ saved, bodyPart }: Protocol): number => (saved ? 2 : 0) + (bodyPart ? 1 : 0);
  const suiting = protocols.filter((protocol) => suits(protocol, kind));
  const named = suiting.filter(({ modality }) => modality !== '');
  const comparing = named.some(({ stages, saved }) => !saved && stages.some(needsPrior));
  return (comparing ? named : suiting).sort((a, b) => rank(b) - rank(a));
}

/** The first stage that can be shown without asking for a prior; undefined where none can. */
export function firstStage(protocol: Protocol, current: readonly Candidate[], prior: readonly Candidate[] | undefined): number | undefined {
  const usable = (stage: Stage): boolean => {
    if (protocol.saved) return hang(stage, current, prior ?? []).some(Boolean);
    return (prior !== undefined || !needsPrior(stage)) && isComplete(stage, current, prior);
  };
  const index = protocol.stages.findIndex(usable);
  return index >= 0 ? index : undefined;
}
