// A structured report to read: head, sections, values, and links to the images it names.

import { Image as ImageIcon, Tags } from 'lucide-react';
import { useMemo, type JSX } from 'react';
import { keyLabel } from '../../core/commands';
import type { DataSet } from '../../core/dicom-json';
import { t } from '../../core/language';
import { readReport, type ReportItem } from '../../core/report';

interface Props {
  dataSet: DataSet;
  /** Whether an image is in a study that is open. */
  isThere(SOPInstanceUID: string): boolean;
  onImage(SOPInstanceUID: string, frame?: number): void;
  onTags(): void;
}

export function ReportView({ dataSet, isThere, onImage, onTags }: Props): JSX.Element {
  const report = useMemo(() => readReport(dataSet), [dataSet]);
  return (
    <div className="report" data-testid="document">
      <article>
        <header>
          <h1>{report.title}</h1>
          <p className="muted">{[report.date, report.status, report.authors.join(', ')].filter(Boolean).join(' · ')}</p>
          <button type="button" className="icon-button" aria-label={t('Tag browser')} title={`${t('Tag browser')}  ${keyLabel('panel.tags')}`} onClick={onTags}>
            <Tags size={16} />
          </button>
        </header>
        <Items items={report.items} level={2} isThere={isThere} onImage={onImage} />
      </article>
    </div>
  );
}

type Links = Pick<Props, 'isThere' | 'onImage'>;

function Items({ items, level, ...links }: { items: readonly ReportItem[]; level: number } & Links): JSX.Element {
  return (
    <>
      {items.map((item) =>
        item.container ? (
          <section key={item.key} data-level={level}>
            <Heading level={level}>{item.name || t('Section')}</Heading>
            <Items items={item.items} level={level + 1} {...links} />
          </section>
        ) : (
          <Row key={item.key} item={item} {...links} />
        ),
      )}
    </>
  );
}

function Heading({ level, children }: { level: number; children: string }): JSX.Element {
  const Tag = `h${Math.min(6, level)}` as 'h2';
  return <Tag>{children}</Tag>;
}

function Row({ item, ...links }: { item: ReportItem } & Links): JSX.Element {
  const { reference, items } = item;
  return (
    <div className="report-row" data-key={item.key}>
      <span className="report-name">{item.name}</span>
      <div className="report-value">
        <span>{[item.value, item.kind].filter(Boolean).join(' · ')}</span>
        {reference ? <Link reference={reference} {...links} /> : null}
        {items.length > 0 ? (
          <div className="report-below">
            <Items items={items} level={4} {...links} />
          </div>
        ) : null}
      </div>
    </div>
  );
}

function Link({ reference, isThere, onImage }: { reference: NonNullable<ReportItem['reference']> } & Links): JSX.Element {
  const { SOPInstanceUID, frames, isImage } = reference;
  const label = [isImage ? t('Image') : t('Object'), frames.length > 0 ? t('frame {frames}', { frames: frames.join(', ') }) : ''].filter(Boolean).join(', ');
  if (!isThere(SOPInstanceUID)) return <span className="muted" title={SOPInstanceUID}>{t('{label}, not in the open study', { label })}</span>;
  return (
    <button type="button" className="report-link" onClick={() => onImage(SOPInstanceUID, frames[0])}>
      <ImageIcon size={14} aria-hidden="true" /> {label}
    </button>
  );
}
