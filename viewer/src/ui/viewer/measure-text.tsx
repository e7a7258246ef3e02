// The field in which the text of an arrow is written, where it will stand.

import { useEffect, useRef, type JSX } from 'react';
import { t } from '../../core/language';
import { MOST_NAME } from '../../core/measure/types';
import type { MeasureSession } from '../../viewport/measure/session';
import type { MeasuredState } from '../../viewport/measure/shown';
import { useStateOf } from './use-signal';

/** CSS pixels. */
const [WIDTH, HEIGHT] = [220, 28];

export function MeasureText({ session, pane }: { session: MeasureSession; pane: MeasuredState }): JSX.Element | null {
  const { writing } = useStateOf(session);
  const field = useRef<HTMLInputElement>(null);
  const id = writing?.id;
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [id]);
  const label = writing && session.laid(pane).find(({ item }) => item.id === id)?.label;
  if (!writing || !label) return null;
  const inside = (value: number, most: number): number => Math.max(0, Math.min(value, most));
  const [left, top] = [inside(label.x, pane.pane.width - WIDTH), inside(label.y + (label.height - HEIGHT) / 2, pane.pane.height - HEIGHT)];
  return (
    <input
      ref={field}
      type="text"
      className="measure-field"
      style={{ left, top, width: WIDTH, height: HEIGHT }}
      aria-label={t('Text of the arrow')}
      placeholder={t('Text')}
      value={writing.text}
      maxLength={MOST_NAME}
      autoComplete="off"
      onChange={(event) => session.write(event.target.value)}
      onBlur={() => session.endWriting(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
        event.preventDefault();
        session.endWriting(event.key === 'Enter');
      }}
    />
  );
}
