// Below the planes of a volume: slab, how much of the volume is there, what a reader should know.

import type { JSX } from 'react';
import type { CommandName } from '../../core/commands';
import { t } from '../../core/language';
import type { SlabMode } from '../../core/reslice';
import { MOST_THICKNESS, type MprSession } from '../../viewport/mpr/session';
import { useStateOf } from './use-signal';

const MODES: readonly (readonly [SlabMode, string, string])[] = [
  ['max', 'MIP', 'Maximum intensity'],
  ['min', 'MinIP', 'Minimum intensity'],
  ['mean', 'Average', 'Mean of the slab'],
];

export function MprBar({ session, run }: { session: MprSession; run(name: CommandName): void }): JSX.Element {
  const { mode, thickness, loaded, drawn, total, failed, turned } = useStateOf(session);
  const progress = drawn + failed < total ? t('Sharpening: {loaded} of {total} slices', { loaded, total }) : failed > 0 ? t('{failed} of {total} slices cannot be read', { failed, total }) : '';
  return (
    <div className="mpr-bar" role="group" aria-label={t('Slab')} data-loaded={loaded} data-total={total}>
      <label className="mpr-slab">
        {t('Slab')}
        <input type="range" min="0" max={MOST_THICKNESS} step="1" value={thickness} aria-label={t('Slab thickness in mm')} onChange={(event) => session.setSlab(mode, Number(event.currentTarget.value))} />
        <output>{thickness === 0 ? t('thin') : `${thickness} mm`}</output>
      </label>
      <div className="mpr-modes" role="group" aria-label={t('Slab mode')}>
        {MODES.map(([value, label, title]) => (
          <button key={value} type="button" aria-pressed={mode === value && thickness > 0} title={t(title)} onClick={() => session.setSlab(value, thickness === 0 ? 10 : thickness)}>
            {t(label)}
          </button>
        ))}
      </div>
      {turned ? (
        <button type="button" className="button" onClick={() => run('mpr.straighten')}>
          {t('Straighten')}
        </button>
      ) : null}
      <span className="mpr-progress" role="status">
        {progress}
      </span>
    </div>
  );
}
