// The calibration by hand that holds for the picture of a pane, followed as it is drawn, changed and undone.

import { useCallback, useSyncExternalStore } from 'react';
import type { Calibration } from '../../core/measure/calibration';
import type { PaneState } from '../../viewport/stack-controller';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';

const nothing = (): void => undefined;

export function useCalibration({ measure }: ViewerEngine, { set, shown, index }: PaneState): Calibration | undefined {
  const session = useStateOf(measure);
  const picture = set?.pictures[shown >= 0 ? shown : index];
  const listen = useCallback((changed: () => void) => session?.changed.listen(changed) ?? nothing, [session]);
  return useSyncExternalStore(listen, () => session?.calibration(picture));
}
