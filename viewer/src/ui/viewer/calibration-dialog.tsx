// Asks how long a drawn line is, and for which images it says so. Warns where the file has a scale of its own.

import { useState, type JSX } from 'react';
import { fixed, t } from '../../core/language';
import type { AskedLine, MeasureSession } from '../../viewport/measure/session';
import { Dialog } from '../parts/dialog';
import { useStateOf } from './use-signal';
import './calibration-dialog.css';

/** mm in a unit. */
const LENGTH_UNITS = { mm: 1, cm: 10, in: 25.4 } as const;
type LengthUnit = keyof typeof LENGTH_UNITS;

export function CalibrationDialog({ session, onDone }: { session: MeasureSession; onDone(): void }): JSX.Element | null {
  const { asked } = useStateOf(session);
  if (!asked) return null;
  return (
    <Dialog title={t('Calibrate by hand')} width="narrow" onClose={() => session.leaveAsked()}>
      {asked.against ? (
        <div className="calibration">
          <p>{t('Not calibrated: {reason}.', { reason: asked.against })}</p>
          <button type="button" className="button" data-first-focus onClick={() => session.leaveAsked()}>
            {t('Close')}
          </button>
        </div>
      ) : (
        <Question key={asked.line.id} asked={asked} session={session} onDone={onDone} />
      )}
    </Dialog>
  );
}

function Question({ asked, session, onDone }: { asked: AskedLine; session: MeasureSession; onDone(): void }): JSX.Element {
  const before = asked.line.kind === 'calibration' ? asked.line.calibration : undefined;
  const [length, setLength] = useState(before ? String(before.known) : '');
  const [unit, setUnit] = useState<LengthUnit>('mm');
  const [series, setSeries] = useState(before?.series ?? false);
  const known = Number(length.replace(',', '.')) * LENGTH_UNITS[unit];
  const valid = Number.isFinite(known) && known > 0;
  return (
    <form
      className="calibration"
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid) return;
        session.calibrate(known, series);
        onDone();
      }}
    >
      <OwnScale asked={asked} />
      <label className="calibration-length">
        {t('Known length of the line')}
        <input data-first-focus type="text" inputMode="decimal" value={length} onChange={(event) => setLength(event.target.value)} autoComplete="off" />
        <select aria-label={t('Unit')} value={unit} onChange={(event) => setUnit(event.target.value as LengthUnit)}>
          {Object.keys(LENGTH_UNITS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <fieldset>
        <legend>{t('Holds for')}</legend>
        <label>
          <input type="radio" name="scope" checked={!series} onChange={() => setSeries(false)} /> {t('this image, with all its frames')}
        </label>
        <label>
          <input type="radio" name="scope" checked={series} onChange={() => setSeries(true)} /> {t('all images of the series that are as large')}
        </label>
      </fieldset>
      <p className="muted">{t('A length is true only where it lies as far from the detector as the line does. Every measurement says that it was calibrated by hand.')}</p>
      <div className="calibration-buttons">
        <button type="submit" className="button" disabled={!valid}>
          {t('Calibrate')}
        </button>
        {before ? (
          <button
            type="button"
            className="button"
            onClick={() => {
              session.leaveAsked();
              session.remove(asked.line.id);
            }}
          >
            {t('Remove the calibration')}
          </button>
        ) : null}
        <button type="button" className="button" onClick={() => session.leaveAsked()}>
          {t('Cancel')}
        </button>
      </div>
    </form>
  );
}

/** What the file says of its scale. */
function OwnScale({ asked: { own, length } }: { asked: AskedLine }): JSX.Element {
  if (!own) return <p>{t('The file says nothing of the size of its pixels.')}</p>;
  const said = { row: fixed(own.row, 3), column: fixed(own.column, 3), length: fixed(length, 1), source: own.provenance ? ` ${t(own.provenance)}` : '' };
  return (
    <p className="calibration-warning" role="alert">
      {t('The file has a scale of its own: {row} × {column} mm a pixel{source}, by which this line is {length} mm. What you type is used in its place.', said)}
    </p>
  );
}
