// The tool strip: at the top on wide screens, at the bottom on a phone. Every button is a command.

import {
  Contrast, FlipHorizontal2, FlipVertical2, Info, Keyboard, LayoutPanelLeft, Layers2, Maximize2, Move, Play, Pause, RotateCcw, RotateCw, ScanLine, SunMedium, Tags, Undo2, ZoomIn,
  type LucideIcon,
} from 'lucide-react'; // prettier-ignore
import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import type { Tool } from '../../core/gesture';

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
  { command: 'tool.zoom', tool: 'zoom', icon: ZoomIn, label: 'Zoom', phone: true },
  { command: 'tool.pan', tool: 'pan', icon: Move, label: 'Pan', phone: true },
];
const ACTIONS: readonly Button[] = [
  { command: 'view.fit', icon: Maximize2, label: 'Fit', phone: false },
  { command: 'view.rotateLeft', icon: RotateCcw, label: 'Rotate left', phone: false },
  { command: 'view.rotateRight', icon: RotateCw, label: 'Rotate right', phone: false },
  { command: 'view.flipHorizontal', icon: FlipHorizontal2, label: 'Flip left to right', phone: false },
  { command: 'view.flipVertical', icon: FlipVertical2, label: 'Flip top to bottom', phone: false },
  { command: 'window.invert', icon: Contrast, label: 'Invert', phone: false },
  { command: 'view.reset', icon: Undo2, label: 'Reset', phone: true },
];
const PANELS: readonly Button[] = [
  { command: 'panel.text', icon: Info, label: 'Text', phone: false },
  { command: 'panel.tags', icon: Tags, label: 'Tags', phone: true },
  { command: 'panel.full', icon: ScanLine, label: 'Full screen', phone: false },
  { command: 'panel.keys', icon: Keyboard, label: 'Keys', phone: false },
];

interface Props {
  tool: Tool;
  playing: boolean;
  canPlay: boolean;
  inverted: boolean;
  presets: JSX.Element;
  run(name: CommandName): void;
}

export function ToolBar({ tool, playing, canPlay, inverted, presets, run }: Props): JSX.Element {
  const button = ({ command, icon: Icon, label, phone }: Button, pressed?: boolean): JSX.Element => (
    <button
      key={command}
      type="button"
      className="icon-button tool"
      data-phone={phone}
      data-command={command}
      aria-label={label}
      aria-pressed={pressed}
      title={[titleOf(command), keyLabel(command)].filter(Boolean).join('  ')}
      onClick={() => run(command)}
    >
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span className="tool-label">{label}</span>
    </button>
  );
  return (
    <div className="toolbar" role="toolbar" aria-label="Tools">
      <div className="tool-group">{TOOLS.map((entry) => button(entry, tool === entry.tool))}</div>
      <div className="tool-group">
        {presets}
        {ACTIONS.map((entry) => button(entry, entry.command === 'window.invert' ? inverted : undefined))}
      </div>
      <div className="tool-group">
        {canPlay ? button({ command: 'cine.toggle', icon: playing ? Pause : Play, label: playing ? 'Pause' : 'Play', phone: true }) : null}
        {PANELS.map((entry) => button(entry))}
        {button({ command: 'panel.series', icon: LayoutPanelLeft, label: 'Series', phone: true })}
      </div>
    </div>
  );
}
