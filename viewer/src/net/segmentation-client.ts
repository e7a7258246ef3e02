// Stores what was painted as a DICOM object of the study.

import type { Code } from '../core/structures/properties';
import { connection } from './connection';
import { API } from './site';

export interface PaintedSegmentation {
  SeriesInstanceUID: string;
  label: string;
  kind: 'binary' | 'labelmap';
  segments: { number: number; label: string; colour: string; category: Code; type: Code }[];
  masks: { SOPInstanceUID: string; frame: number; segment: number; runs: number[] }[];
}

export interface StoredSegmentation {
  SeriesInstanceUID: string;
  SOPInstanceUID: string;
}

export async function storeSegmentation(study: string, painted: PaintedSegmentation, api = API): Promise<StoredSegmentation> {
  const response = await connection.fetch(`${api}/studies/${study}/segmentations`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(painted) });
  return (await response.json()) as StoredSegmentation;
}
