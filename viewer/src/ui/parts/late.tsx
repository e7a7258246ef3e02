// A component whose code comes later, and that is there at once when its code is: React.lazy shows its fallback first, and then keeps
// it for 300 ms.

import { lazy, useState, type ComponentType, type JSX } from 'react';
import { patient } from '../../net/patient';

export type Late<P> = ((props: P) => JSX.Element) & {
  /** Resolves when the code is there. */
  fetch(): Promise<void>;
};

/** Until it is there it suspends, as React.lazy does. */
export function late<P extends object>(load: () => Promise<ComponentType<P>>): Late<P> {
  let made: ComponentType<P> | undefined;
  const Waiting = lazy(async () => ({ default: await patient(load)() }));
  function Component(props: P): JSX.Element {
    const [Shown] = useState<ComponentType<P>>(() => made ?? Waiting);
    return <Shown {...props} />;
  }
  const fetch = async (): Promise<void> => {
    made ??= await load();
  };
  return Object.assign(Component, { fetch });
}
