// Who cuts the planes of a volume, as the user has set it: by address (?planes=…) or for good in local storage.

export type PlanesWanted = 'automatic' | 'browser' | 'server';

const KEY = 'isocenter.planes';

export function planesWanted(): PlanesWanted {
  const asked = new URLSearchParams(location.search).get('planes') ?? localStorage.getItem(KEY);
  return asked === 'browser' || asked === 'server' ? asked : 'automatic';
}
