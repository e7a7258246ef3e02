// Below the panes while isocontour regions are drawn or one is selected: what they are cut at.

import type { JSX } from 'react';
import { type CommandName, keyLabel, titleOf } from '../../core/commands';
import { t } from '../../core/language';
import { USUAL_SHARE } from '../../core/measure/isocontour';
import { thresholdText } from '../../core/measure/isocontour-tool';
import type { MeasureSession, Threshold } from '../../viewport/measure/session';
import { useStateOf } from './use-signal';

/** What people cut at: shares of the maximum, and SUVs. */
const USUAL: readonly Threshold[] = [{ share: USUAL_SHARE }, { share: 0.5 }, { value: 2.5 }, { value: 4 }];
const same = (a: Threshold, b: Threshold): boolean => a.share === b.share && a.value === b.value;

export function IsocontourBar({ session, run }: { session: MeasureSession; run(name: CommandName): void }): JSX.Element {
  const { threshold: next } = useStateOf(session);
  const { share, value }: Threshold = session.region()?.isocontour ?? next;
  const now: Threshold = value === undefined ? { share: share ?? USUAL_SHARE } : { value };
  const slid = (to: number): void => session.setThreshold(value === undefined ? { share: to / 100 } : { value: to });
  return (
    <div className="region-bar" role="group" aria-label={t('Isocontour region')}>
      <label className="mpr-slab">
        {t('Threshold')}
        <input
          type="range"
          {...(value === undefined ? { min: 5, max: 95, step: 1, value: Math.round((share ?? USUAL_SHARE) * 100) } : { min: 0.5, max: 20, step: 0.1, value })}
          aria-label={value === undefined ? t('Threshold in % of the maximum') : t('Threshold as SUV')}
          title={[keyLabel('region.lower'), keyLabel('region.higher')].filter(Boolean).join('  ')}
          onChange={(event) => slid(Number(event.currentTarget.value))}
        />
        <output>{thresholdText(now, 'SUV')}</output>
      </label>
      <div className="mpr-modes" role="group" aria-label={t('Usual thresholds')}>
        {USUAL.map((one) => (
          <button key={thresholdText(one, 'SUV')} type="button" aria-pressed={same(one, now)} onClick={() => session.setThreshold(one)}>
            {thresholdText(one, 'SUV')}
          </button>
        ))}
      </div>
      <button type="button" className="button" title={[titleOf('measure.list'), keyLabel('measure.list')].join('  ')} onClick={() => run('measure.list')}>
        {t('Measurements')}
      </button>
    </div>
  );
}
