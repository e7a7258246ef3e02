// The rows of the study list: virtualised, sortable, driven by mouse and keyboard.

import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useRef, type JSX, type KeyboardEvent } from 'react';
import { counted, t } from '../../core/language';
import type { Sort, SortKey, StudyRow } from '../../core/study-row';
import { ModalityBadges } from '../parts/modality-badge';
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
  rows: readonly StudyRow[];
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
  const { rows, rowHeight, sort, selected, marked, arrived, busy, onSort, onSelect, onMark, onOpen, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end } = useRowsWindow(scroller, rowHeight, rows.length);

  useEffect(() => {
    if (rows.length > 0 && end >= rows.length) onEnd();
  }, [end, rows.length, onEnd]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || selected < 0) return;
    const top = selected * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight;
  }, [selected, rowHeight]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    const move = moves[event.key];
    const row = rows[selected];
    if (move !== undefined) onSelect(Math.min(rows.length - 1, Math.max(0, selected + move)));
    else if (event.key === 'Enter' && row) onOpen(row);
    else if (event.key === ' ' && row) onMark(row);
    else return;
    event.preventDefault();
  };

  return (
    <div className="table" role="grid" aria-label={t('Studies')} aria-multiselectable="true" aria-rowcount={rows.length} aria-busy={busy} tabIndex={0} onKeyDown={onKeyDown}>
      <div className="table-head" role="row">
        {COLUMNS.map((column) => (
          <HeadCell key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
      </div>
      <div className="table-body" ref={scroller}>
        <div style={{ height: rows.length * rowHeight, position: 'relative' }}>
          {rows.slice(first, end).map((row, offset) => (
            <Row
              key={row.StudyInstanceUID}
              row={row}
              index={first + offset}
              height={rowHeight}
              selected={first + offset === selected}
              marked={marked.has(row.StudyInstanceUID)}
              fresh={arrived.has(row.StudyInstanceUID)}
              onMark={onMark}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </div>
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

interface RowProps {
  row: StudyRow;
  index: number;
  height: number;
  selected: boolean;
  marked: boolean;
  fresh: boolean;
  onMark(row: StudyRow): void;
  onOpen(row: StudyRow): void;
}

function Row({ row, index, height, selected, marked, fresh, onMark, onOpen }: RowProps): JSX.Element {
  return (
    <div
      className="row"
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      data-fresh={fresh || undefined}
      data-marked={marked || undefined}
      data-study={row.StudyInstanceUID}
      style={{ height, transform: `translateY(${index * height}px)` }}
      onClick={() => onOpen(row)}
    >
      <div className="row-mark" role="gridcell" onClick={(event) => event.stopPropagation()}>
        <label title={t('Mark (Space)')}>
          <input type="checkbox" tabIndex={-1} checked={marked} aria-label={t('Mark the study of {name}', { name: row.name || t('No name') })} onChange={() => onMark(row)} />
        </label>
      </div>
      <div className="cell cell-name" role="gridcell">
        <span className="row-name">{row.name || <em>{t('No name')}</em>}</span>
        <span className="row-under">{[row.ageSex, row.PatientID].filter(Boolean).join(' · ')}</span>
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
