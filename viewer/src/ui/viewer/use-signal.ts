// Reads an object that has a state and tells when it changes.

import { useSyncExternalStore } from 'react';
import type { Signal } from '../../core/lifecycle';

export interface Observable<T> {
  readonly changed: Signal;
  readonly state: () => T;
}

export function useStateOf<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.changed.listen, observable.state);
}
