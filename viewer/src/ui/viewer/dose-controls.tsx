// How a dose is shown: wash, isodoses, their levels in percent of a reference and in absolute dose.

import type { JSX } from 'react';
import type { ShownDose } from '../../viewport/structures/objects';
import { fixed, t } from '../../core/language';

interface Props {
  dose: ShownDose;
  onChange(change: Partial<ShownDose>): void;
  onHistogram(): void;
}

export function DoseControls({ dose, onChange, onHistogram }: Props): JSX.Element {
  const { grid, reference, levels, wash, lines, opacity } = dose;
  const level = (percent: number, change: Partial<ShownDose['levels'][number]>): void => onChange({ levels: levels.map((one) => (one.percent === percent ? { ...one, ...change } : one)) });
  return (
    <div className="dose-controls">
      <div className="structures-fill">
        <label>
          <input type="checkbox" checked={wash} onChange={() => onChange({ wash: !wash })} />
          {t('Colour wash')}
        </label>
        <input type="range" min="0.05" max="1" step="0.05" value={opacity} disabled={!wash} aria-label={t('Opacity of the colour wash')} onChange={(event) => onChange({ opacity: Number(event.currentTarget.value) })} />
      </div>
      <div className="structures-fill">
        <label>
          <input type="checkbox" checked={lines} onChange={() => onChange({ lines: !lines })} />
          {t('Isodoses')}
        </label>
        <label>
          100 % =
          <input type="number" className="dose-reference" min="0" step="any" key={reference.dose} defaultValue={Number(reference.dose.toPrecision(6))} aria-label={t('Reference dose in {unit}', { unit: grid.unit })} onBlur={(event) => changeReference(dose, Number(event.currentTarget.value), onChange)} />
          {grid.unit}
        </label>
      </div>
      <p className="muted">
        {t('100 % is {source}; maximum {dose} {unit}', { source: reference.source, dose: fixed(grid.most, 2), unit: grid.unit })}
      </p>
      <ul className="dose-levels">
        {levels.map(({ percent, colour, visible }) => (
          <li key={percent}>
            <label>
              <input type="checkbox" checked={visible} onChange={() => level(percent, { visible: !visible })} />
              <span className="dose-swatch" style={{ background: colour }} />
              {percent} %
            </label>
            <span className="muted">
              {fixed((percent / 100) * reference.dose, 2)} {grid.unit}
            </span>
          </li>
        ))}
      </ul>
      <button type="button" className="button" onClick={onHistogram}>
        {t('Dose-volume histogram')}
      </button>
    </div>
  );
}

function changeReference({ reference }: ShownDose, dose: number, onChange: Props['onChange']): void {
  if (dose > 0 && Math.abs(dose - reference.dose) > 1e-6 * reference.dose) onChange({ reference: { dose, source: t('as entered') } });
}
