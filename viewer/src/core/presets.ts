// Window presets by modality, in the order of the keys 2 to 9; more stand in the menu. Keys 0 and 1 are the file's window and the full range.

import type { Window } from './window';

export interface Preset {
  id: string;
  label: string;
  window: Window;
}

const linear = (width: number, center: number): Window => ({ width, center, function: 'LINEAR' });

const CT: readonly Preset[] = [
  { id: 'soft-tissue', label: 'Soft tissue', window: linear(400, 40) },
  { id: 'lung', label: 'Lung', window: linear(1500, -600) },
  { id: 'bone', label: 'Bone', window: linear(2000, 400) },
  { id: 'brain', label: 'Brain', window: linear(80, 40) },
  { id: 'liver', label: 'Liver', window: linear(150, 90) },
  { id: 'mediastinum', label: 'Mediastinum', window: linear(350, 50) },
  { id: 'angio', label: 'Angio', window: linear(600, 300) },
  { id: 'stroke', label: 'Stroke', window: linear(40, 40) },
  { id: 'subdural', label: 'Subdural', window: linear(200, 75) },
];

const NONE: readonly Preset[] = [];

export const presetsFor = (modality: string): readonly Preset[] => (modality === 'CT' ? CT : NONE);

/** PT in SUV: bounds 0 to n, shown inverted. */
export const SUV_PRESETS: readonly Preset[] = [5, 10, 15].map((top) => ({
  id: `suv-${top}`,
  label: `SUV 0–${top}`,
  window: { width: top, center: top / 2, function: 'LINEAR_EXACT' as const },
}));
