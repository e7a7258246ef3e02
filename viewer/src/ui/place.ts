// The browser's address as the state of what page is shown.

import { useSyncExternalStore } from 'react';
import { readPlace, writePlace, type InvokedPlace, type Place } from '../core/deep-link';
import { Signal } from '../core/lifecycle';
import { SITE } from '../net/site';

const moved = new Signal();
const now = (): string => location.pathname + location.search + location.hash;
let address = now();
let current: Place = readPlace(location.pathname, location.search, location.hash);

function refresh(): void {
  const next = now();
  if (next === address) return;
  address = next;
  current = readPlace(location.pathname, location.search, location.hash);
  moved.emit();
}

window.addEventListener('popstate', refresh);

type Written = Exclude<Place, InvokedPlace>;

export function navigate(place: Written, replace = false): void {
  const target = writePlace(place, SITE);
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  refresh();
}

/** Changes the address without showing another page: the link of what is on screen now. */
export function noteAddress(place: Written): void {
  history.replaceState(null, '', writePlace(place, SITE));
  address = now();
}

export const placeNow = (): Place => current;

export const usePlace = (): Place => useSyncExternalStore(moved.listen, placeNow);
