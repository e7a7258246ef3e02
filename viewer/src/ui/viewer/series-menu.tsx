// The menu of a series in the rail (right click or long press): opening it, and fusing it with another.

import { useRef, type JSX } from 'react';
import { reasonAgainstFusion, rolesOf } from '../../core/fusion';
import { t } from '../../core/language';
import type { DisplaySet } from '../../core/stack';
import type { SeriesEntry } from '../../viewport/study-loader';
import { useMenu, usePlaced } from '../parts/menu';
import { useSaid } from './use-said';

export interface SeriesMenuProps {
  at: { x: number; y: number };
  series: SeriesEntry;
  set: DisplaySet;
  /** All sets of the open studies. */
  others: readonly DisplaySet[];
  onOpen(series: SeriesEntry, set: DisplaySet): void;
  onFuse(base: DisplaySet, overlay: DisplaySet): void;
  onClose(): void;
}

const titleOf = ({ modality, number, description, instances }: DisplaySet, said: ReturnType<typeof useSaid>): string => said([modality, number, description].filter((part) => part !== undefined && part !== '').join(' '), instances[0]?.dataSet);

export function SeriesMenu({ at, series, set, others, onOpen, onFuse, onClose }: SeriesMenuProps): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  const said = useSaid();
  useMenu(menu, true, onClose);
  usePlaced(menu, at.x, at.y);
  const choose = (act: () => void): void => {
    onClose();
    act();
  };
  const partners = others.filter((other) => other.id !== set.id && other.kind !== 'document');
  return (
    <div className="menu series-menu" role="menu" ref={menu} aria-label={titleOf(set, said)}>
      <button type="button" role="menuitem" onClick={() => choose(() => onOpen(series, set))}>
        <span>{t('Open')}</span>
      </button>
      {partners.length > 0 ? <div className="menu-head" role="presentation">{t('Fuse with')}</div> : null}
      {partners.map((other) => {
        const [base, overlay] = rolesOf(set, other);
        const reason = reasonAgainstFusion(base, overlay);
        return (
          <button key={other.id} type="button" role="menuitem" disabled={reason !== ''} title={reason} onClick={() => choose(() => onFuse(base, overlay))}>
            <span>{titleOf(other, said)}</span>
            <span className="menu-note">{reason}</span>
          </button>
        );
      })}
    </div>
  );
}
