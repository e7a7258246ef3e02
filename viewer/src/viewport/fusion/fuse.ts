// Showing one series over another in a pane, and ending that. Layouts and protocols call `fuse` like they call `open`.

import { baseOf, fused, partnerOf, rolesOf } from '../../core/fusion';
import { t } from '../../core/language';
import type { DisplaySet } from '../../core/stack';
import type { StackController } from '../stack-controller';

/** Shows `overlay` over `base` in a pane, at the place and in the view it has; returns why it cannot, else "". */
export function fuse(pane: StackController, base: DisplaySet, overlay: DisplaySet): string {
  const made = fused(base, overlay);
  if (typeof made === 'string') return made;
  const { set } = pane.state();
  if (set && baseOf(set).id === base.id) pane.exchange(made);
  else pane.open(made);
  return '';
}

/** Ends the fusion of a pane, or begins one with what goes best with its series; returns why it cannot, else "". */
export function toggleFusion(pane: StackController, others: readonly DisplaySet[]): string {
  const { set } = pane.state();
  if (!set) return t('No series is open');
  if (set.fusion) {
    pane.exchange(set.fusion.base);
    return '';
  }
  const partner = partnerOf(set, others.filter(({ id }) => id !== set.id));
  return partner ? fuse(pane, ...rolesOf(set, partner)) : t('No other series of this study lies in the same frame of reference as a volume');
}
