// The attributes of the object on screen: every level of nesting, private ones too, with search.

import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type JSX } from 'react';
import { t } from '../../core/language';
import { matchingLines, tagLines, type Dictionary, type TagLine } from '../../core/tag-tree';
import type { Instance } from '../../core/stack';
import { Dialog } from '../parts/dialog';
import { useRowsWindow } from '../study-list/use-rows-window';
import { useSopClassName } from './document-card';

const ROW = 28;

function useDictionary(): Dictionary {
  const [dictionary, setDictionary] = useState<Dictionary>({});
  useEffect(() => {
    let gone = false;
    import('../../core/data/dictionary.json').then(
      ({ default: table }) => gone || setDictionary(table as Dictionary),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, []);
  return dictionary;
}

export function TagBrowser({ instance, onClose }: { instance: Instance; onClose(): void }): JSX.Element {
  const [search, setSearch] = useState('');
  const dictionary = useDictionary();
  const name = useSopClassName(instance.SOPClassUID);
  const all = useMemo(() => tagLines(instance.dataSet, dictionary), [instance, dictionary]);
  const lines = useMemo(() => matchingLines(all, search), [all, search]);
  const field = (
    <label className="search tag-search">
      <Search size={16} aria-hidden="true" />
      <span className="visually-hidden">{t('Search attributes')}</span>
      <input type="text" autoFocus spellCheck={false} placeholder={t('Tag, keyword or value')} value={search} onChange={(event) => setSearch(event.target.value)} />
      <span className="tag-count">{lines.filter(({ tag }) => tag).length}</span>
    </label>
  );
  return (
    <Dialog title={t('Attributes')} head={field} width="wide" onClose={onClose}>
      <div className="tag-class">
        {name} <span className="muted">{instance.SOPInstanceUID}</span>
      </div>
      <Lines lines={lines} />
    </Dialog>
  );
}

function Lines({ lines }: { lines: readonly TagLine[] }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end } = useRowsWindow(scroller, ROW, lines.length);
  return (
    <div className="tag-lines" ref={scroller} role="table" aria-label={t('Attributes')} aria-rowcount={lines.length} tabIndex={0}>
      <div style={{ height: lines.length * ROW, position: 'relative' }}>
        {lines.slice(first, end).map((line, offset) => (
          <div
            key={line.key}
            className="tag-line"
            role="row"
            aria-rowindex={first + offset + 1}
            data-private={line.private || undefined}
            data-item={line.tag === '' || undefined}
            style={{ transform: `translateY(${(first + offset) * ROW}px)`, paddingLeft: 20 + Math.min(line.depth, 8) * 12 }}
          >
            {line.tag ? <code role="cell">{line.tag}</code> : null}
            {line.tag ? <span className="tag-vr" role="cell">{line.vr}</span> : null}
            <span className="tag-keyword" role="cell">{line.keyword}</span>
            <span className="tag-value" role="cell" title={line.value}>
              {line.vr === 'SQ' ? t(line.items === 1 ? '{n} item' : '{n} items', { n: line.items }) : line.value}
            </span>
          </div>
        ))}
      </div>
      {lines.length === 0 ? <p className="tag-none">{t('No attribute matches')}</p> : null}
    </div>
  );
}
