// The rows of the study list: virtualised, sortable, driven by mouse and keyboard; below a row that is opened up the patient's other studies.

import { AlertTriangle, ArrowDown, ArrowUp, ChevronRight, Columns3 } from 'lucide-react';
import { useEffect, useRef, useState, type JSX, type KeyboardEvent as Pressed } from 'react';
import { counted, t } from '../../core/language';
import type { Sort, SortKey, StudyRow } from '../../core/study-row';
import { ModalityBadges } from '../parts/modality-badge';
import { settings } from '../settings';
import { useStateOf } from '../viewer/use-signal';
import type { Line, Others } from './use-others';
import { useRowsWindow } from './use-rows-window';

interface Column {
  id: string;
  title: string;
  sort?: SortKey;
}

const COLUMNS: readonly Column[] = [
  { id: 'name', title: 'Patient', sort: 'name' },
  { id: 'id', title: 'ID', sort: 'PatientID' },
  { id: 'birth', title: 'Birth date' },
  { id: 'when', title: 'Study', sort: 'when' },
  { id: 'modality', title: 'Modality' },
  { id: 'description', title: 'Description', sort: 'description' },
  { id: 'accession', title: 'Accession', sort: 'AccessionNumber' },
  { id: 'images', title: 'Images' },
];

interface Props {
  lines: readonly Line[];
  others: Others;
  rowHeight: number;
  sort: Sort;
  selected: number;
  marked: ReadonlySet<string>;
  arrived: ReadonlySet<string>;
  busy: boolean;
  onSort(sort: Sort): void;
  onSelect(index: number): void;
  onMark(row: StudyRow): void;
  onOpen(row: StudyRow): void;
  onEnd(): void;
}

export function StudyTable(props: Props): JSX.Element {
  const { lines, others, rowHeight, sort, selected, marked, arrived, busy, onSort, onSelect, onMark, onOpen, onEnd } = props;
  const { toggle } = others;
  const { without } = useStateOf(settings);
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end } = useRowsWindow(scroller, rowHeight, lines.length);

  useEffect(() => {
    if (lines.length > 0 && end >= lines.length) onEnd();
  }, [end, lines.length, onEnd]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || selected < 0) return;
    const top = selected * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight;
  }, [selected, rowHeight]);

  const onKeyDown = (event: Pressed): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -lines.length, End: lines.length };
    const move = moves[event.key];
    const { row, under } = lines[selected] ?? {};
    if (move !== undefined) onSelect(Math.min(lines.length - 1, Math.max(0, selected + move)));
    else if (event.key === 'ArrowLeft' && under) onSelect(lines.findIndex(({ key }) => key === under));
    else if ((event.key === 'ArrowRight' || event.key === 'ArrowLeft') && row && !under) toggle(row.StudyInstanceUID, event.key === 'ArrowRight');
    else if (event.key === 'Enter' && row) onOpen(row);
    else if (event.key === ' ' && row) onMark(row);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div className="table" role="treegrid" aria-label={t('Studies')} aria-multiselectable="true" aria-rowcount={lines.length} aria-busy={busy} tabIndex={0} data-without={without.join(' ')} onKeyDown={onKeyDown}>
        <div className="table-head" role="row">
          {COLUMNS.map((column) => (
            <HeadCell key={column.id} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        <div className="table-body" ref={scroller}>
          <div style={{ height: lines.length * rowHeight, position: 'relative' }}>
            {lines.slice(first, end).map(({ key, row, note, under, otherName }, offset) => {
              const place = { index: first + offset, height: rowHeight, selected: first + offset === selected };
              if (!row) return <Note key={key} {...place} text={note ?? ''} />;
              const study = row.StudyInstanceUID;
              return <Row key={key} {...place} row={row} under={under !== undefined} otherName={otherName === true} open={others.found.has(study)} marked={marked.has(study)} fresh={arrived.has(study)} onMark={onMark} onOpen={onOpen} onToggle={toggle} />;
            })}
          </div>
        </div>
      </div>
      <ColumnChoice without={without} />
    </>
  );
}

function HeadCell({ column, sort, onSort }: { column: Column; sort: Sort; onSort(sort: Sort): void }): JSX.Element {
  const key = column.sort;
  if (!key) return <div className={`cell cell-${column.id}`} role="columnheader">{t(column.title)}</div>;
  const active = sort.key === key;
  const next: Sort = { key, descending: active ? !sort.descending : key === 'when' };
  const Arrow = sort.descending ? ArrowDown : ArrowUp;
  return (
    <div className={`cell cell-${column.id}`} role="columnheader" aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" tabIndex={-1} onClick={() => onSort(next)}>
        {t(column.title)}
        {active ? <Arrow size={12} aria-hidden="true" /> : null}
      </button>
    </div>
  );
}

/** Which columns are shown, but for the patient's. */
function ColumnChoice({ without }: { without: readonly string[] }): JSX.Element {
  const choice = useRef<HTMLDetailsElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: Event): void => {
      const outside = event instanceof KeyboardEvent ? event.key === 'Escape' : !choice.current?.contains(event.target as Node);
      if (outside && choice.current) choice.current.open = false;
    };
    for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, close);
    return () => ['pointerdown', 'keydown'].forEach((type) => window.removeEventListener(type, close));
  }, [open]);
  const show = (id: string, shown: boolean): void => settings.setColumns(shown ? without.filter((one) => one !== id) : [...without, id]);
  return (
    <details ref={choice} className="columns" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary aria-label={t('Columns')} title={t('Columns')}>
        <Columns3 size={16} aria-hidden="true" />
      </summary>
      {open ? (
        <div role="group" aria-label={t('Columns')}>
          {COLUMNS.slice(1).map(({ id, title }) => (
            <label key={id}>
              <input type="checkbox" checked={!without.includes(id)} onChange={({ target }) => show(id, target.checked)} />
              {t(title)}
            </label>
          ))}
        </div>
      ) : null}
    </details>
  );
}

interface PlaceProps {
  index: number;
  height: number;
  selected: boolean;
}

const placed = ({ index, height, selected }: PlaceProps): Pick<JSX.IntrinsicElements['div'], 'role' | 'aria-rowindex' | 'aria-selected' | 'style'> => ({
  role: 'row',
  'aria-rowindex': index + 1,
  'aria-selected': selected,
  style: { height, transform: `translateY(${index * height}px)` },
});

function Note({ text, ...place }: PlaceProps & { text: string }): JSX.Element {
  return (
    <div className="row row-under-row" aria-level={2} {...placed(place)}>
      <div className="row-note" role="gridcell">{text}</div>
    </div>
  );
}

interface RowProps extends PlaceProps {
  row: StudyRow;
  /** It is another study of the patient above, and perhaps of a patient with another name. */
  under: boolean;
  otherName: boolean;
  /** The other studies of its patient are shown below it. */
  open: boolean;
  marked: boolean;
  fresh: boolean;
  onMark(row: StudyRow): void;
  onOpen(row: StudyRow): void;
  onToggle(study: string, open: boolean): void;
}

function Row({ row, under, otherName, open, marked, fresh, onMark, onOpen, onToggle, ...place }: RowProps): JSX.Element {
  return (
    <div
      className={under ? 'row row-under-row' : 'row'}
      aria-level={under ? 2 : 1}
      aria-expanded={under ? undefined : open}
      {...placed(place)}
      data-fresh={fresh || undefined}
      data-marked={marked || undefined}
      data-study={row.StudyInstanceUID}
      onClick={() => onOpen(row)}
    >
      <div className="row-mark" role="gridcell" onClick={(event) => event.stopPropagation()}>
        <label title={t('Mark (Space)')}>
          <input type="checkbox" tabIndex={-1} checked={marked} aria-label={t('Mark the study of {name}', { name: row.name || t('No name') })} onChange={() => onMark(row)} />
        </label>
      </div>
      <div className="cell cell-name" role="gridcell">
        {under ? null : <Expander open={open} onToggle={(opened) => onToggle(row.StudyInstanceUID, opened)} />}
        <span className="row-name" title={otherName ? t('Another name') : undefined}>
          {otherName ? <AlertTriangle size={12} aria-label={t('Another name')} /> : null} {row.name || <em>{t('No name')}</em>}
        </span>
        {under ? <span className="row-description">{row.description || t('No description')}</span> : null}
        <span className="row-under">{under ? t('{images} images', { images: counted(row.images) }) : [row.ageSex, row.PatientID].filter(Boolean).join(' · ')}</span>
      </div>
      <div className="cell cell-id" role="gridcell">{row.PatientID}</div>
      <div className="cell cell-birth" role="gridcell">
        {row.birth}
        {row.ageSex ? <span className="muted">{row.ageSex}</span> : null}
      </div>
      <div className="cell cell-when" role="gridcell">
        {row.date || <span className="muted">{t('No date')}</span>}
        {row.time ? <span className="muted">{row.time}</span> : null}
      </div>
      <div className="cell cell-modality" role="gridcell">
        <ModalityBadges modalities={row.modalities} />
      </div>
      <div className="cell cell-description" role="gridcell" title={row.description}>{row.description}</div>
      <div className="cell cell-accession" role="gridcell">{row.AccessionNumber}</div>
      <div className="cell cell-images" role="gridcell">{counted(row.images)}</div>
    </div>
  );
}

function Expander({ open, onToggle }: { open: boolean; onToggle(open: boolean): void }): JSX.Element {
  return (
    <button
      type="button"
      className="row-expander"
      tabIndex={-1}
      aria-expanded={open}
      aria-label={t('Other studies of the patient')}
      title={`${t('Other studies of the patient')}  → ←`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(!open);
      }}
    >
      <ChevronRight size={16} aria-hidden="true" />
    </button>
  );
}
