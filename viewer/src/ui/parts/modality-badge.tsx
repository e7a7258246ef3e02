// Modalities as small coloured labels.

import type { JSX } from 'react';

import { namedModalities } from '../../core/study-row';

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

/** Those of a study, images first; what there is no room for is a number, and all of them are its tooltip. */
export function ModalityBadges({ modalities }: { modalities: readonly string[] }): JSX.Element {
  const { named, more } = namedModalities(modalities);
  return (
    <>
      {named.map((modality) => (
        <ModalityBadge key={modality} modality={modality} />
      ))}
      {more > 0 ? (
        <span className="badge" data-family="other" title={modalities.join(', ')}>
          +{more}
        </span>
      ) : null}
    </>
  );
}
