// The menu at the pointer: right click or long press.

import { useRef, type JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import type { Point } from '../../core/view';
import { useMenu, usePlaced } from '../parts/menu';

const ENTRIES: readonly (readonly CommandName[])[] = [
  ['tool.window', 'tool.scroll', 'tool.zoom', 'tool.pan', 'tool.rotate'],
  ['window.default', 'window.full', 'window.invert'],
  ['view.fit', 'view.actual', 'view.rotateRight', 'view.flipHorizontal', 'view.smooth', 'view.reset'],
  ['key.toggle', 'key.only'],
  ['mpr.toggle', 'curve.draw', 'fusion.toggle'],
  ['export.image', 'export.copy'],
  ['panel.text', 'panel.tags', 'panel.keys'],
];

export function ContextMenu({ at, run, onClose }: { at: Point; run(name: CommandName): void; onClose(): void }): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  useMenu(menu, true, onClose);
  usePlaced(menu, at[0], at[1]);
  return (
    <div className="menu context-menu" role="menu" aria-label={t('Image')} ref={menu}>
      {ENTRIES.map((group) => (
        <div key={group[0]} className="menu-group" role="group">
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
