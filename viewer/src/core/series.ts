// A series as it is shown: its display sets, split into phases where it has some. Pure.

import type { DataSet } from './dicom-json';
import { withPhases } from './phases';
import { displaySets, type DisplaySet } from './stack';

export const seriesSets = (metadata: readonly DataSet[]): DisplaySet[] => displaySets(metadata).map((set) => (set.kind === 'document' ? set : withPhases(set)));
