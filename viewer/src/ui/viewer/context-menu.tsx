// The menu at the pointer: right click or long press.

import { useEffect, useRef, type JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import type { Point } from '../../core/view';

const ENTRIES: readonly (readonly CommandName[])[] = [
  ['tool.window', 'tool.scroll', 'tool.zoom', 'tool.pan'],
  ['window.default', 'window.full', 'window.invert'],
  ['view.fit', 'view.actual', 'view.rotateRight', 'view.flipHorizontal', 'view.smooth', 'view.reset'],
  ['key.toggle', 'key.only'],
  ['mpr.toggle', 'fusion.toggle'],
  ['export.image', 'export.copy'],
  ['panel.text', 'panel.tags', 'panel.keys'],
];

export function ContextMenu({ at, run, onClose }: { at: Point; run(name: CommandName): void; onClose(): void }): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !menu.current?.contains(event.target as Node)) {
        if (event instanceof KeyboardEvent) event.stopPropagation();
        onClose();
      }
    };
    window.addEventListener('pointerdown', close, true);
    window.addEventListener('keydown', close, true);
    return () => {
      window.removeEventListener('pointerdown', close, true);
      window.removeEventListener('keydown', close, true);
    };
  }, [onClose]);
  useEffect(() => {
    const element = menu.current;
    const parent = element?.offsetParent;
    if (!element || !parent) return;
    element.style.left = `${Math.max(8, Math.min(at[0], parent.clientWidth - element.offsetWidth - 8))}px`;
    element.style.top = `${Math.max(8, Math.min(at[1], parent.clientHeight - element.offsetHeight - 8))}px`;
  }, [at]);
  return (
    <div className="menu context-menu" role="menu" ref={menu} style={{ left: at[0], top: at[1] }}>
      {ENTRIES.map((group) => (
        <div key={group[0]} className="menu-group">
          {group.map((name) => (
            <button
              key={name}
              type="button"
              role="menuitem"
              onClick={() => {
                onClose();
                run(name);
              }}
            >
              <span>{name === 'view.reset' ? t('Reset view') : titleOf(name)}</span>
              <span className="menu-key">{keyLabel(name)}</span>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
