// The tool strip: at the top on wide screens, at the bottom on a phone. Every button is a command.

import {
  Axis3d, Box, Contrast, Crosshair, Download, Ellipsis, Grid2x2, LayoutPanelLeft, Layers2, Link2, Move, Play, Pause, RotateCw, Ruler, SunMedium, Tags, Undo2, ZoomIn,
  type LucideIcon,
} from 'lucide-react'; // prettier-ignore
import { useEffect, useState, type JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { isMeasure, type Tool } from '../../core/gesture';
import { t } from '../../core/language';
import type { ExportState } from '../../viewport/export/choices';
import { filmKind } from '../../viewport/export/film-kind';
import type { WorkspaceState } from '../../viewport/workspace';
import { MenuButton } from '../parts/menu-button';
import { LayoutPicker } from './layout-picker';

interface Button {
  command: CommandName;
  icon: LucideIcon;
  label: string;
  /** Also on the phone's strip. */
  phone: boolean;
}

const TOOLS: readonly (Button & { tool: Tool })[] = [
  { command: 'tool.window', tool: 'window', icon: SunMedium, label: 'Window', phone: true },
  { command: 'tool.scroll', tool: 'scroll', icon: Layers2, label: 'Scroll', phone: true },
  { command: 'tool.zoom', tool: 'zoom', icon: ZoomIn, label: 'Zoom', phone: false },
  { command: 'tool.pan', tool: 'pan', icon: Move, label: 'Pan', phone: false },
  { command: 'tool.crosshair', tool: 'crosshair', icon: Crosshair, label: 'Crosshair', phone: false },
];
/** On a phone they make room for playing: a long press has them, too. */
const ACTIONS: readonly Button[] = [
  { command: 'window.invert', icon: Contrast, label: 'Invert', phone: false },
  { command: 'view.reset', icon: Undo2, label: 'Reset', phone: true },
];
const PANELS: readonly Button[] = [
  { command: 'panel.tags', icon: Tags, label: 'Tags', phone: false },
];
const TURNS: readonly (readonly CommandName[])[] = [
  ['view.rotateLeft', 'view.rotateRight', 'tool.rotate', 'view.flipHorizontal', 'view.flipVertical'],
  ['view.fit', 'view.actual', 'view.smooth', 'view.planes', 'view.magnifier'],
];
const MORE: readonly (readonly CommandName[])[] = [
  ['panel.commands', 'panel.settings', 'panel.keys'],
  ['panel.text', 'panel.names', 'panel.tags', 'panel.full'],
  ['study.previous', 'study.next'],
  ['curve.draw'],
];
const nothing = (): undefined => undefined;
/** What a strip that is too narrow for all has in its last menu. */
const ELSEWHERE: readonly CommandName[] = ['tool.zoom', 'tool.pan', 'tool.crosshair', 'window.invert', 'view.reset', 'layout.choose'];
const MENUS = { links: 'Links between panes', view: 'Rotate, flip, fit', export: 'Save, copy or print the picture' } as const;
type Menu = keyof typeof MENUS;

const MEASURES: readonly (readonly CommandName[])[] = [
  ['measure.length', 'measure.angle', 'measure.cobb', 'measure.bidirectional', 'measure.ellipsoid'],
  ['measure.ellipse', 'measure.rectangle', 'measure.circle', 'measure.freehand', 'measure.probe', 'measure.arrow'],
  ['measure.isocontour', 'measure.calibration'],
  ['measure.undo', 'measure.redo', 'measure.delete', 'measure.hide', 'measure.list'],
];
const EXPORTS: readonly (readonly CommandName[])[] = [
  ['export.image', 'export.jpeg', 'export.film', 'export.copy', 'export.print', 'export.printPane', 'export.contact'],
  ['export.text', 'export.size'],
  ['link.copy'],
  ['export.nifti', 'export.surface'],
  ['key.store', 'state.store'],
];
const LINKED = ['scroll', 'offset', 'window', 'view', 'lines'] as const;

interface Props {
  tool: Tool;
  workspace: WorkspaceState;
  inVolume: boolean;
  layoutAsked: number;
  onLayout(rows: number, columns: number): void;
  playing: boolean;
  canPlay: boolean;
  inverted: boolean;
  exporting: ExportState;
  onQuality(quality: number): void;
  hanging(close: () => void): JSX.Element;
  presets: JSX.Element;
  run(name: CommandName): void;
}

export function ToolBar({ tool, workspace, inVolume, layoutAsked, onLayout, playing, canPlay, inverted, exporting, onQuality, hanging, presets, run }: Props): JSX.Element {
  const [asked, setAsked] = useState<Readonly<Record<Menu, number>>>({ links: 0, view: 0, export: 0 });
  const button = ({ command, icon: Icon, label, phone }: Button, pressed?: boolean): JSX.Element => (
    <button
      key={command}
      type="button"
      className="icon-button tool"
      data-phone={phone}
      data-command={command}
      aria-label={t(label)}
      aria-pressed={pressed}
      title={[titleOf(command), keyLabel(command)].filter(Boolean).join('  ')}
      onClick={() => run(command)}
    >
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span className="tool-label">{t(label)}</span>
    </button>
  );
  return (
    <div className="toolbar" role="toolbar" aria-label={t('Tools')}>
      <div className="tool-group">
        {TOOLS.map((entry) => button(entry, tool === entry.tool))}
        <MenuButton icon={Ruler} label={t('Measure')} title={t('Measure')} pressed={isMeasure(tool)} phone>
          {(close) => MEASURES.map((group, index) => <Entries key={group[0]} names={group} checked={(name) => (index < 3 ? name === `measure.${tool}` : undefined)} run={run} close={close} />)}
        </MenuButton>
      </div>
      <div className="tool-group">
        <MenuButton icon={Grid2x2} label={t('Layout')} title={`${titleOf('layout.choose')}  ${keyLabel('layout.choose')}`} asked={layoutAsked} mixed>
          {(close) => (
            <>
              <LayoutPicker
                rows={workspace.rows}
                columns={workspace.columns}
                onChoose={(rows, columns) => {
                  close();
                  onLayout(rows, columns);
                }}
              />
              {hanging(close)}
            </>
          )}
        </MenuButton>
        {button({ command: 'mpr.toggle', icon: Axis3d, label: 'MPR', phone: true }, workspace.arrangement !== 'grid')}
        {button({ command: 'volume.toggle', icon: Box, label: '3D', phone: true }, inVolume)}
        <MenuButton icon={Link2} label={t('Links')} title={t(MENUS.links)} asked={asked.links} pressed={workspace.links.window || workspace.links.view || workspace.links.offset}>
          {() => <Entries names={LINKED.map((name) => `link.${name}` as const)} checked={(name) => LINKED.some((link) => name === `link.${link}` && workspace.links[link])} run={run} />}
        </MenuButton>
      </div>
      <div className="tool-group">
        {presets}
        <MenuButton icon={RotateCw} label={t('View')} title={t(MENUS.view)} asked={asked.view}>
          {(close) => TURNS.map((group) => <Entries key={group[0]} names={group} checked={(name) => (name === 'tool.rotate' ? tool === 'rotate' : undefined)} run={run} close={close} />)}
        </MenuButton>
        {ACTIONS.map((entry) => button({ ...entry, phone: entry.phone && !canPlay }, entry.command === 'window.invert' ? inverted : undefined))}
      </div>
      <div className="tool-group">
        {canPlay ? button({ command: 'cine.toggle', icon: playing ? Pause : Play, label: playing ? t('Pause') : t('Play'), phone: true }) : null}
        <MenuButton icon={Download} label={t('Export')} title={t(MENUS.export)} asked={asked.export} mixed>
          {(close) => (
            <>
              {EXPORTS.map((group, index) => <Entries alone key={group[0]} names={group} checked={(name) => (index === 1 ? exporting[name === 'export.text' ? 'text' : 'ownSize'] : undefined)} run={run} {...(index === 1 ? {} : { close })} />)}
              <Quality value={exporting.quality} onChange={onQuality} />
            </>
          )}
        </MenuButton>
        {PANELS.map((entry) => button(entry))}
        <MenuButton icon={Ellipsis} label={t('More')} title={t('More')} phone>
          {(close) => (
            <>
              <div className="compact-only">
                <Entries names={ELSEWHERE} checked={(name) => (name.startsWith('tool.') ? name === `tool.${tool}` : undefined)} run={run} close={close} />
                <Menus
                  onChoose={(menu) => {
                    close();
                    setAsked((before) => ({ ...before, [menu]: before[menu] + 1 }));
                  }}
                />
              </div>
              {MORE.map((group) => <Entries key={group[0]} names={group} checked={nothing} run={run} close={close} />)}
            </>
          )}
        </MenuButton>
        {button({ command: 'panel.series', icon: LayoutPanelLeft, label: t('Series'), phone: true })}
      </div>
    </div>
  );
}

/** Menus whose buttons are not on the strip. */
function Menus({ onChoose }: { onChoose(menu: Menu): void }): JSX.Element {
  return (
    <div className="menu-group" role="group">
      {(Object.keys(MENUS) as Menu[]).map((menu) => (
        <button key={menu} type="button" role="menuitem" data-menu={menu} onClick={() => onChoose(menu)}>
          <span>{t(MENUS[menu])}…</span>
        </button>
      ))}
    </div>
  );
}

/** How much of a picture JPEG keeps. */
function Quality({ value, onChange }: { value: number; onChange(quality: number): void }): JSX.Element {
  const percent = Math.round(value * 100);
  return (
    <label className="menu-group export-quality">
      <span>{t('JPEG quality {percent} %', { percent })}</span>
      <input type="range" min="50" max="100" step="5" value={percent} aria-label={t('JPEG quality')} onChange={(event) => onChange(Number(event.target.value) / 100)} />
    </label>
  );
}

/** Which kind of film this browser makes. */
function FilmKind(): JSX.Element {
  const [kind, setKind] = useState('');
  useEffect(() => {
    filmKind().then(setKind, () => undefined);
  }, []);
  return <>{kind}</>;
}

interface EntriesProps {
  names: readonly CommandName[];
  /** Nothing of what only runs. */
  checked(name: CommandName): boolean | undefined;
  run(name: CommandName): void;
  /** The menu holds more than entries. */
  alone?: boolean;
  close?(): void;
}

function Entries({ names, checked, run, close, alone = false }: EntriesProps): JSX.Element {
  return (
    <div className="menu-group" role={alone ? 'menu' : 'group'}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role={checked(name) === undefined ? 'menuitem' : 'menuitemcheckbox'}
          aria-checked={checked(name)}
          data-command={name}
          onClick={() => {
            close?.();
            run(name);
          }}
        >
          <span>{titleOf(name)}</span>
          <span className="menu-key">{name === 'export.film' ? <FilmKind /> : keyLabel(name)}</span>
        </button>
      ))}
    </div>
  );
}
