// Corrects what a study says of its patient and of itself, and shows how it was corrected before.

import { useEffect, useMemo, useState, type JSX } from 'react';
import { changed, fromField, labelOf, PATIENT_FIELDS, SEXES, STUDY_FIELDS, toField, type CorrectedField } from '../../core/correction';
import { formatDate } from '../../core/dates';
import { language, t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';
import { CorrectionsClient, type Correction, type StudyCorrections } from '../../net/corrections-client';
import { Dialog } from '../parts/dialog';
import './studies.css';

interface Props {
  row: StudyRow;
  /** Something was corrected or put back. */
  onChanged(): void;
  onClose(): void;
}

type Values = Readonly<Record<string, string>>;

export function EditDialog({ row: { StudyInstanceUID: study }, onChanged, onClose }: Props): JSX.Element {
  const client = useMemo(() => new CorrectionsClient(), []);
  const [known, setKnown] = useState<StudyCorrections>();
  const [values, setValues] = useState<Values>({});
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const last = known?.corrections.findLast(({ changes }) => Object.keys(changes).length > 0);
  const wanted = known ? changed(known.values, values) : {};

  const show = (found: StudyCorrections): void => {
    setKnown(found);
    setValues(found.values);
    setReason('');
  };
  useEffect(() => {
    const controller = new AbortController();
    client.read(study, controller.signal).then(show, (error: unknown) => {
      if (!controller.signal.aborted) setProblem((error as Error).message);
    });
    return () => controller.abort();
  }, [client, study]);

  const work = async (act: (version: number) => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await act(known?.version ?? 0);
      show(await client.read(study));
      onChanged();
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  const field = (each: CorrectedField): JSX.Element => <Field key={each.keyword} field={each} value={values[each.keyword] ?? ''} first={each === PATIENT_FIELDS[0]} disabled={busy} onChange={(value) => setValues({ ...values, [each.keyword]: value })} />;

  return (
    <Dialog title={t('Correct study data')} onClose={onClose}>
      <form
        className="studies-form"
        onSubmit={(event) => {
          event.preventDefault();
          void work((version) => client.correct(study, wanted, reason, version));
        }}
      >
        {known ? (
          <>
            <fieldset className="studies-fields"><legend>{t('Patient')}</legend>{PATIENT_FIELDS.map(field)}</fieldset>
            <fieldset className="studies-fields"><legend>{t('Study')}</legend>{STUDY_FIELDS.map(field)}</fieldset>
            <label className="studies-reason">
              {t('Why')}
              <input className="studies-field" value={reason} maxLength={1024} disabled={busy} onChange={(event) => setReason(event.target.value)} />
            </label>
            <p className="studies-note">{t('All objects of the study are corrected in the archive. Copies elsewhere and text in pictures stay as they are.')}</p>
          </>
        ) : null}
        {problem ? <p role="alert">{problem}</p> : null}
        <p role="status" className="studies-note">{busy ? t('The objects are being written…') : ''}</p>
        <div className="studies-foot">
          <button type="button" className="button" onClick={onClose}>{t('Close')}</button>
          <button type="submit" className="button primary" disabled={busy || Object.keys(wanted).length === 0}>{t('Correct the study')}</button>
        </div>
        {known && known.corrections.length > 0 ? (
          <section className="studies-history" aria-label={t('Corrections')}>
            <h3>{t('Corrections')}</h3>
            <ol>
              {known.corrections.toReversed().map((each) => (
                <Past
                  key={each.id}
                  correction={each}
                  busy={busy}
                  onAgain={each === last && each.undone === 0 ? () => void work((version) => client.correct(study, after(each), reason || each.reason, version)) : undefined}
                  onPutBack={() => void work((version) => client.putBack(study, each.id, reason, version))}
                />
              ))}
            </ol>
          </section>
        ) : null}
      </form>
    </Dialog>
  );
}

interface FieldProps {
  field: CorrectedField;
  value: string;
  first: boolean;
  disabled: boolean;
  onChange(value: string): void;
}

function Field({ field: { label, kind }, value, first, disabled, onChange }: FieldProps): JSX.Element {
  const date = kind === 'date' ? toField(value) : undefined;
  return (
    <label>
      {t(label)}
      {kind === 'sex' ? (
        <select className="select" value={value} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
          {SEXES.map(([sex, name]) => <option key={sex} value={sex}>{t(name)}</option>)}
        </select>
      ) : date !== undefined ? (
        <input className="studies-field" type="date" value={date} disabled={disabled} onChange={(event) => onChange(fromField(event.target.value))} />
      ) : (
        <input className="studies-field" value={value} disabled={disabled} spellCheck={false} placeholder={kind === 'name' ? t('Family^Given') : ''} autoFocus={first} onChange={(event) => onChange(event.target.value)} />
      )}
    </label>
  );
}

/** What a correction set, to be set again. */
const after = ({ changes }: Correction): Record<string, string> => Object.fromEntries(Object.entries(changes).map(([keyword, change]) => [keyword, change.after]));

const printed = (keyword: string, value: string): string => (keyword.endsWith('Date') ? formatDate(value) : value) || '–';

interface PastProps {
  correction: Correction;
  busy: boolean;
  /** Sets the same in objects that came since; undefined where another correction came later. */
  onAgain: (() => void) | undefined;
  onPutBack(): void;
}

function Past({ correction, busy, onAgain, onPutBack }: PastProps): JSX.Element {
  const { id, time, who, reason, changes, undone, reversible } = correction;
  return (
    <li>
      <div>
        <b>{t('No. {id}', { id })}</b> {new Date(time).toLocaleString(language())} · {who}
        {undone ? ` · ${t('put back no. {id}', { id: undone })}` : ''}
        {reason ? ` · ${reason}` : ''}
        {Object.entries(changes).map(([keyword, { before, after }]) => (
          <span key={keyword} className="studies-change">{t(labelOf(keyword))}: <del>{printed(keyword, before)}</del> <ins>{printed(keyword, after)}</ins></span>
        ))}
      </div>
      {onAgain ? <button type="button" className="button" disabled={busy} title={t('To objects that came since')} onClick={onAgain}>{t('Apply again')}</button> : null}
      {reversible ? <button type="button" className="button" disabled={busy} onClick={onPutBack}>{t('Put back')}</button> : null}
    </li>
  );
}
