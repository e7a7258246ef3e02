// Asks at which value of a volume the surface lies that is saved as STL.

import { useState, type JSX } from 'react';
import { t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { downloadSurface, surfaceOffer, type SurfaceOffer } from '../../viewport/export/surface';
import { Dialog } from '../parts/dialog';
import { shownSet } from './shown-set';
import type { ViewerEngine } from './viewer-engine';
import './surface-dialog.css';

interface Props {
  engine: ViewerEngine;
  say(note: string): void;
  onClose(): void;
}

export function SurfaceDialog({ engine, say, onClose }: Props): JSX.Element {
  const [offer] = useState(() => surfaceOffer(shownSet(engine), engine.volume3d.state(), engine.workspace.active.state().bitmap));
  const save = (threshold: number): void => {
    onClose();
    if (typeof offer === 'string') return;
    engine.job
      .run(t('Saving the surface'), (job) => downloadSurface({ ...offer, threshold }, engine.store, job))
      .catch((error: unknown) => (error instanceof Error ? error.message : t('The surface cannot be made')))
      .then(say, () => undefined);
  };
  return (
    <Dialog title={t('Save a surface (STL)')} width="narrow" onClose={onClose}>
      {typeof offer === 'string' ? <p role="alert">{offer}</p> : <Asked offer={offer} onSave={save} />}
    </Dialog>
  );
}

function Asked({ offer, onSave }: { offer: SurfaceOffer; onSave(threshold: number): void }): JSX.Element {
  const { factor, unit, kept } = offer;
  const [value, setValue] = useState(String(Number((offer.threshold * factor).toPrecision(4))));
  const threshold = Number(value) / factor;
  const valid = value.trim() !== '' && Number.isFinite(threshold);
  const shown = [
    kept.limits ? t('What is clipped away is left out.') : '',
    kept.cuts.length > 0 ? t('What the scissors cut away is left out.') : '',
    t('All voxels are used, at their places in the patient (LPS, mm). The file names nobody.'),
  ];
  return (
    <form
      className="surface-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) onSave(threshold);
      }}
    >
      <label>
        {t('Everything from this value on is inside')}
        <span className="surface-value">
          <input type="number" step="any" data-first-focus="" value={value} aria-label={t('Value of the surface')} onChange={(event) => setValue(event.currentTarget.value)} />
          {unit}
        </span>
      </label>
      <p className="muted">{t('{value} is the value at which the preset begins to hide what lies behind.', { value: [formatValue(Number((offer.threshold * factor).toPrecision(4))), unit].filter(Boolean).join(' ') })}</p>
      {shown.filter(Boolean).map((line) => (
        <p key={line} className="muted">
          {line}
        </p>
      ))}
      <button type="submit" className="button" disabled={!valid}>
        {t('Save')}
      </button>
    </form>
  );
}
