// A modality as a small coloured label.

import type { JSX } from 'react';

const FAMILIES: Readonly<Record<string, string>> = {
  CT: 'ct', MR: 'mr', US: 'us', IVUS: 'us', XA: 'xr', RF: 'xr', CR: 'xr', DX: 'xr', MG: 'xr', PX: 'xr', IO: 'xr', RG: 'xr', PT: 'nm', NM: 'nm',
}; // prettier-ignore

export function ModalityBadge({ modality }: { modality: string }): JSX.Element {
  return (
    <span className="badge" data-family={FAMILIES[modality] ?? 'other'}>
      {modality || '–'}
    </span>
  );
}
