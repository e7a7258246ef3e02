// Second step: what becomes of each series; headers side by side, and the boxes that a person approves.

import { Check, Plus, Trash2 } from 'lucide-react';
import { useEffect, useMemo, useState, type JSX } from 'react';
import { newBox, type Box } from '../../core/anonymize/boxes';
import { begun, fate, type Decision, type Decisions, type SeriesPreview } from '../../core/anonymize/decisions';
import { t } from '../../core/language';
import type { AnonymizationClient, ObjectPreview, Project } from '../../net/anonymization-client';
import { ModalityBadge } from '../parts/modality-badge';
import { BoxEditor } from './box-editor';
import { HeaderTable } from './header-table';
import { DICOM_WEB } from '../../net/site';

export interface StudyPreview {
  study: string;
  title: string;
  series: SeriesPreview[];
}

interface Props {
  client: AnonymizationClient;
  project: Project;
  studies: readonly { StudyInstanceUID: string; title: string }[];
  decisions: Decisions;
  onDecide(decisions: Decisions): void;
  onError(message: string): void;
}

function usePreviews({ client, project, studies, onError }: Props): StudyPreview[] {
  const [previews, setPreviews] = useState<StudyPreview[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for (const { StudyInstanceUID: study, title } of studies) {
        const series = await client.preview(study, project.name, controller.signal);
        setPreviews((before) => [...before.filter((each) => each.study !== study), { study, title, series }]);
      }
    };
    read().catch((error: unknown) => {
      if (!controller.signal.aborted) onError((error as Error).message);
    });
    return () => controller.abort();
  }, [client, project, studies, onError]);
  return previews;
}

export function PreviewStep(props: Props): JSX.Element {
  const { client, project, decisions, onDecide, onError } = props;
  const previews = usePreviews(props);
  const [chosen, setChosen] = useState('');
  const all = useMemo(() => previews.flatMap(({ study, series }) => series.map((each) => ({ study, series: each }))), [previews]);
  const current = all.find(({ series }) => series.SeriesInstanceUID === chosen) ?? all.find(({ series }) => series.decision) ?? all[0];
  return (
    <div className="preview">
      <div className="series-list" role="group" aria-label={t('Series')}>
        {previews.map(({ study, title, series }) => (
          <section key={study}>
            <h3>{title}</h3>
            {series.map((each) => {
              const uid = each.SeriesInstanceUID;
              const becomes = fate(each, decisions.get(uid), project.burned_in);
              return (
                <button key={uid} type="button" aria-pressed={current?.series === each} className="series-item" onClick={() => setChosen(uid)}>
                  <ModalityBadge modality={each.Modality} />
                  <span className="series-title">{each.SeriesDescription || t('No description')}</span>
                  <span className="fate" data-fate={becomes}>{decisions.get(uid)?.approved ? t('approved: {becomes}', { becomes: t(becomes) }) : t(becomes)}</span>
                </button>
              );
            })}
          </section>
        ))}
        {previews.length < props.studies.length ? <p className="nothing" aria-busy="true">{t('Looking at the studies…')}</p> : null}
      </div>
      {current ? (
        <SeriesPart
          key={current.series.SeriesInstanceUID}
          client={client}
          study={current.study}
          series={current.series}
          project={project}
          decision={decisions.get(current.series.SeriesInstanceUID)}
          onDecide={(decision) => onDecide(new Map([...decisions, [current.series.SeriesInstanceUID, decision]]))}
          onError={onError}
        />
      ) : null}
    </div>
  );
}

interface SeriesProps {
  client: AnonymizationClient;
  study: string;
  series: SeriesPreview;
  project: Project;
  decision: Decision | undefined;
  onDecide(decision: Decision): void;
  onError(message: string): void;
}

function SeriesPart({ client, study, series, project, decision, onDecide, onError }: SeriesProps): JSX.Element {
  const [at, setAt] = useState(series.at);
  const [frame, setFrame] = useState(1);
  const [object, setObject] = useState<ObjectPreview>();
  const [tab, setTab] = useState<'picture' | 'header'>(series.has_pixels && series.reason ? 'picture' : 'header');
  useEffect(() => {
    const controller = new AbortController();
    client.previewObject(study, series.SeriesInstanceUID, project.name, at, controller.signal).then(setObject, (error: unknown) => {
      if (!controller.signal.aborted) onError((error as Error).message);
    });
    return () => controller.abort();
  }, [client, study, series, project, at, onError]);
  const shown = object ?? series;
  const tabs = series.has_pixels ? (['picture', 'header'] as const) : (['header'] as const);
  return (
    <div className="series-part">
      <div className="series-tools">
        <div className="segments" role="tablist">
          {tabs.map((name) => (
            <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>
              {name === 'picture' ? t('Picture') : t('Header')}
            </button>
          ))}
        </div>
        <Range label={t('Image')} value={at + 1} end={series.objects} onChange={(value) => setAt(value - 1)} />
        <Range label={t('Frame')} value={Math.min(frame, shown.frames)} end={shown.frames} onChange={setFrame} />
        <span className="reason">{series.reason || t('nothing speaks of text in its pixels')}</span>
      </div>
      {tab === 'header' ? (
        <HeaderTable rows={object?.header ?? []} />
      ) : (
        <PicturePart picture={`${DICOM_WEB}/studies/${study}/series/${series.SeriesInstanceUID}/instances/${shown.SOPInstanceUID}/frames/${Math.min(frame, shown.frames)}/rendered`} series={series} decision={decision ?? begun(series)} onDecide={onDecide} />
      )}
    </div>
  );
}

function Range({ label, value, end, onChange }: { label: string; value: number; end: number; onChange(value: number): void }): JSX.Element | null {
  if (end < 2) return null;
  return (
    <label className="range">
      {label} <input type="range" min={1} max={end} value={value} onChange={(event) => onChange(Number(event.target.value))} /> <span className="muted">{t('{n} of {total}', { n: value, total: end })}</span>
    </label>
  );
}

function PicturePart({ picture, series, decision, onDecide }: { picture: string; series: SeriesPreview; decision: Decision; onDecide(decision: Decision): void }): JSX.Element {
  const change = (boxes: readonly Box[]): void => onDecide({ ...decision, boxes, approved: false });
  const allowed = series.decision || !series.reason;
  return (
    <div className="picture-part">
      <div className="picture-frame">
        <BoxEditor picture={picture} size={series} boxes={decision.boxes} approved={decision.approved} onChange={change} />
      </div>
      <div className="picture-tools">
        <button type="button" className="button" onClick={() => change([...decision.boxes, newBox(series)])}><Plus size={16} aria-hidden="true" /> {t('Add box')}</button>
        <button type="button" className="button" disabled={decision.boxes.length === 0} onClick={() => change([])}><Trash2 size={16} aria-hidden="true" /> {t('Delete all')}</button>
        <button type="button" className="button primary" disabled={!allowed} aria-pressed={decision.approved} onClick={() => onDecide({ ...decision, approved: !decision.approved })}>
          <Check size={16} aria-hidden="true" />
          {decision.approved ? t('Approved') : decision.boxes.length > 0 ? decision.boxes.length === 1 ? t('Approve 1 box') : t('Approve {n} boxes', { n: decision.boxes.length }) : t('Approve: no text to blank')}
        </button>
        <p className="muted">{series.objects === 1 ? t('Draw boxes over text. They are blanked in every frame.') : t('Draw boxes over text. They are blanked in every frame of all {n} images of the series.', { n: series.objects })} {t('Arrow keys move a box, Shift resizes it, Delete removes it.')}</p>
      </div>
    </div>
  );
}
