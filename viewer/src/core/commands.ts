// Everything the user can do in the viewer, by name: one table for toolbar, keys, menus and the key sheet.

import { t } from './language';

export const COMMANDS = [
  { name: 'tool.window', title: 'Window/level', group: 'Tools', keys: ['w'] },
  { name: 'tool.scroll', title: 'Scroll', group: 'Tools', keys: ['s'] },
  { name: 'tool.zoom', title: 'Zoom', group: 'Tools', keys: ['z'] },
  { name: 'tool.pan', title: 'Pan', group: 'Tools', keys: ['t'] },
  { name: 'tool.rotate', title: 'Rotate freely: drag about the middle', group: 'Tools', keys: ['Ctrl+j'] },
  { name: 'tool.crosshair', title: 'Crosshair: the same place in every pane', group: 'Tools', keys: ['x'] },
  { name: 'measure.length', title: 'Length', group: 'Measure', keys: ['d'] },
  { name: 'measure.angle', title: 'Angle', group: 'Measure', keys: ['a'] },
  { name: 'measure.cobb', title: 'Cobb angle', group: 'Measure', keys: ['Shift+a'] },
  { name: 'measure.bidirectional', title: 'Bidirectional', group: 'Measure', keys: ['b'] },
  { name: 'measure.ellipse', title: 'Ellipse', group: 'Measure', keys: ['e'] },
  { name: 'measure.rectangle', title: 'Rectangle', group: 'Measure', keys: ['Shift+e'] },
  { name: 'measure.circle', title: 'Circle', group: 'Measure', keys: ['c'] },
  { name: 'measure.freehand', title: 'Region drawn by hand', group: 'Measure', keys: ['Ctrl+e'] },
  { name: 'measure.probe', title: 'Probe', group: 'Measure', keys: ['p'] },
  { name: 'measure.ellipsoid', title: 'Ellipsoid volume', group: 'Measure', keys: ['Ctrl+b'] },
  { name: 'measure.arrow', title: 'Arrow with text, or a text by a click', group: 'Measure', keys: ['Shift+j'] },
  { name: 'measure.isocontour', title: 'Isocontour region of a PET: SUVmax, SUVpeak, volume', group: 'Measure', keys: ['Shift+i'] },
  { name: 'region.higher', title: 'Higher threshold of the isocontour region', group: 'Measure', keys: ['}'] },
  { name: 'region.lower', title: 'Lower threshold of the isocontour region', group: 'Measure', keys: ['{'] },
  { name: 'measure.calibration', title: 'Calibrate by hand: a line of known length', group: 'Measure', keys: ['Shift+c'] },
  { name: 'measure.undo', title: 'Undo', group: 'Measure', keys: ['Ctrl+z'] },
  { name: 'measure.redo', title: 'Redo', group: 'Measure', keys: ['Ctrl+y', 'Ctrl+Shift+z'] },
  { name: 'measure.delete', title: 'Delete the selected', group: 'Measure', keys: ['Delete', 'Backspace'] },
  { name: 'measure.hide', title: 'Hide or show measurements', group: 'Measure', keys: ['Shift+m'] },
  { name: 'measure.list', title: 'List of measurements', group: 'Measure', keys: ['q'] },
  { name: 'structures.list', title: 'Structures: segmentations, contours, dose', group: 'Structures', keys: ['u'] },
  { name: 'structures.toggle', title: 'Hide or show structures', group: 'Structures', keys: ['Shift+u'] },
  { name: 'paint.brush', title: 'Brush', group: 'Structures', keys: ['Shift+b'] },
  { name: 'paint.eraser', title: 'Eraser', group: 'Structures', keys: ['Shift+x'] },
  { name: 'paint.threshold', title: 'Brush within a range of values', group: 'Structures', keys: ['Shift+t'] },
  { name: 'paint.grow', title: 'Grow a region', group: 'Structures', keys: ['Shift+g'] },
  { name: 'layout.choose', title: 'Layout', group: 'Layout', keys: ['Shift+l'] },
  { name: 'layout.maximise', title: 'Maximise the pane, or full screen', group: 'Layout', keys: ['f'] },
  { name: 'hang.next', title: 'Next stage of the hanging protocol', group: 'Layout', keys: ['>'] },
  { name: 'hang.previous', title: 'Previous stage', group: 'Layout', keys: ['<'] },
  { name: 'hang.save', title: 'Save what I see as my protocol for this kind of study', group: 'Layout', keys: [] },
  { name: 'hang.reset', title: 'Forget my protocol for this kind of study', group: 'Layout', keys: [] },
  { name: 'layout.next', title: 'Next pane', group: 'Layout', keys: ['Tab'] },
  { name: 'layout.previous', title: 'Previous pane', group: 'Layout', keys: ['Shift+Tab'] },
  { name: 'link.scroll', title: 'Link scrolling by position', group: 'Layout', keys: ['l'] },
  { name: 'link.offset', title: 'Link scrolling of unrelated series', group: 'Layout', keys: [] },
  { name: 'link.window', title: 'Link windows', group: 'Layout', keys: [] },
  { name: 'link.view', title: 'Link zoom and pan', group: 'Layout', keys: [] },
  { name: 'link.lines', title: 'Reference lines', group: 'Layout', keys: ['j'] },
  { name: 'mpr.toggle', title: 'Planes of a volume (MPR)', group: 'MPR', keys: ['m'] },
  { name: 'mpr.thicker', title: 'Thicker slab, larger brush', group: 'MPR', keys: [']'] },
  { name: 'mpr.thinner', title: 'Thinner slab, smaller brush', group: 'MPR', keys: ['['] },
  { name: 'mpr.mode', title: 'Maximum, minimum or mean', group: 'MPR', keys: ['Shift+s'] },
  { name: 'mpr.straighten', title: 'Planes of the patient again', group: 'MPR', keys: [] },
  { name: 'curve.draw', title: 'Curved plane along a drawn path', group: 'MPR', keys: ['Shift+o'] },
  { name: 'curve.finish', title: 'Finish the path (also double click)', group: 'MPR', keys: ['Enter'] },
  { name: 'curve.remove', title: 'Remove the chosen or last point of the path', group: 'MPR', keys: [] },
  { name: 'fusion.toggle', title: 'Fuse with the PET or CT of the study, or end it', group: 'Fusion', keys: ['Shift+y'] },
  { name: 'fusion.more', title: 'More of the upper series', group: 'Fusion', keys: [')'] },
  { name: 'fusion.less', title: 'Less of the upper series', group: 'Fusion', keys: ['('] },
  { name: 'fusion.hide', title: 'Hide or show the upper series', group: 'Fusion', keys: ['y'] },
  { name: 'fusion.layer', title: 'Window the upper or the lower series', group: 'Fusion', keys: ['Shift+w'] },
  { name: 'volume.toggle', title: 'Volume in three dimensions', group: '3D', keys: ['Shift+v'] },
  { name: 'image.next', title: 'Next image', group: 'Images', keys: ['ArrowDown'] },
  { name: 'image.previous', title: 'Previous image', group: 'Images', keys: ['ArrowUp'] },
  { name: 'image.forward', title: '10 images forward', group: 'Images', keys: ['PageDown', 'Shift+ArrowDown'] },
  { name: 'image.back', title: '10 images back', group: 'Images', keys: ['PageUp', 'Shift+ArrowUp'] },
  { name: 'image.first', title: 'First image', group: 'Images', keys: ['Home'] },
  { name: 'image.last', title: 'Last image', group: 'Images', keys: ['End'] },
  { name: 'series.next', title: 'Next series', group: 'Images', keys: ['ArrowRight'] },
  { name: 'series.previous', title: 'Previous series', group: 'Images', keys: ['ArrowLeft'] },
  { name: 'key.toggle', title: 'Key image: mark or take away', group: 'Images', keys: ['k'] },
  { name: 'key.only', title: 'Key images only', group: 'Images', keys: ['Shift+k'] },
  { name: 'key.store', title: 'Store the key images (KOS)', group: 'Images', keys: [] },
  { name: 'state.store', title: 'Store the view (presentation state)', group: 'Export', keys: [] },
  { name: 'cine.toggle', title: 'Play or pause', group: 'Cine', keys: ['Space'] },
  { name: 'cine.slower', title: 'Slower', group: 'Cine', keys: [','] },
  { name: 'cine.faster', title: 'Faster', group: 'Cine', keys: ['.'] },
  { name: 'cine.sweep', title: 'Forth and back, or from the start again', group: 'Cine', keys: ['Shift+Space'] },
  { name: 'phase.next', title: 'Next time or phase (also Shift and wheel)', group: 'Cine', keys: ['Shift+ArrowRight'] },
  { name: 'phase.previous', title: 'Previous time or phase', group: 'Cine', keys: ['Shift+ArrowLeft'] },
  { name: 'time.curve', title: 'Curve of the selected region over time', group: 'Cine', keys: ['Shift+q'] },
  { name: 'dsa.toggle', title: 'Subtract a mask (DSA), or end it', group: 'Subtraction', keys: ['Shift+d'] },
  { name: 'dsa.mask', title: 'This frame as mask', group: 'Subtraction', keys: ['Shift+n'] },
  { name: 'dsa.shift', title: 'Shift the mask: drag, or arrow keys', group: 'Subtraction', keys: ['Shift+p'] },
  { name: 'dsa.reset', title: 'Mask not shifted', group: 'Subtraction', keys: [] },
  { name: 'window.default', title: 'Window from file', group: 'Window', keys: ['0'] },
  { name: 'window.full', title: 'Full range', group: 'Window', keys: ['1'] },
  { name: 'window.preset1', title: 'Preset 1 of the modality', group: 'Window', keys: ['2'] },
  { name: 'window.preset2', title: 'Preset 2', group: 'Window', keys: ['3'] },
  { name: 'window.preset3', title: 'Preset 3', group: 'Window', keys: ['4'] },
  { name: 'window.preset4', title: 'Preset 4', group: 'Window', keys: ['5'] },
  { name: 'window.preset5', title: 'Preset 5', group: 'Window', keys: ['6'] },
  { name: 'window.preset6', title: 'Preset 6', group: 'Window', keys: ['7'] },
  { name: 'window.preset7', title: 'Preset 7', group: 'Window', keys: ['8'] },
  { name: 'window.preset8', title: 'Preset 8', group: 'Window', keys: ['9'] },
  { name: 'window.invert', title: 'Invert', group: 'Window', keys: ['n'] },
  { name: 'map.grey', title: 'Grey', group: 'Colours', keys: [] },
  { name: 'map.invertedGrey', title: 'Inverted grey', group: 'Colours', keys: [] },
  { name: 'map.hotIron', title: 'Hot iron', group: 'Colours', keys: [] },
  { name: 'map.pet', title: 'PET', group: 'Colours', keys: [] },
  { name: 'map.pet20Step', title: 'PET 20 step', group: 'Colours', keys: [] },
  { name: 'map.hotMetalBlue', title: 'Hot metal blue', group: 'Colours', keys: [] },
  { name: 'map.rainbow', title: 'Rainbow', group: 'Colours', keys: [] },
  { name: 'view.in', title: 'Zoom in', group: 'View', keys: ['+'] },
  { name: 'view.out', title: 'Zoom out', group: 'View', keys: ['-'] },
  { name: 'view.fit', title: 'Fit to pane', group: 'View', keys: ['='] },
  { name: 'view.actual', title: 'One image pixel a screen pixel', group: 'View', keys: [] },
  { name: 'view.rotateRight', title: 'Rotate right', group: 'View', keys: ['r'] },
  { name: 'view.rotateLeft', title: 'Rotate left', group: 'View', keys: ['Shift+r'] },
  { name: 'view.flipHorizontal', title: 'Flip left to right', group: 'View', keys: ['h'] },
  { name: 'view.flipVertical', title: 'Flip top to bottom', group: 'View', keys: ['v'] },
  { name: 'view.smooth', title: 'Smooth or exact pixels', group: 'View', keys: [] },
  { name: 'view.magnifier', title: 'Magnifying glass', group: 'View', keys: ['Shift+z'] },
  { name: 'view.planes', title: 'Overlays and shutter on or off', group: 'View', keys: ['o'] },
  { name: 'view.reset', title: 'Cancel, then reset view', group: 'View', keys: ['Escape'] },
  { name: 'export.image', title: 'Save the picture (PNG)', group: 'Export', keys: ['Ctrl+s'] },
  { name: 'export.jpeg', title: 'Save the picture (JPEG)', group: 'Export', keys: ['Ctrl+Shift+s'] },
  { name: 'export.film', title: 'Save a film of the series', group: 'Export', keys: [] },
  { name: 'export.nifti', title: 'Save the volume (NIfTI)', group: 'Export', keys: [] },
  { name: 'export.surface', title: 'Save a surface (STL)', group: 'Export', keys: [] },
  { name: 'export.copy', title: 'Copy the picture', group: 'Export', keys: ['Ctrl+c'] },
  { name: 'export.print', title: 'Print the layout, with the patient', group: 'Export', keys: ['Ctrl+p'] },
  { name: 'export.printPane', title: 'Print the active pane alone', group: 'Export', keys: ['Ctrl+Shift+p'] },
  { name: 'export.contact', title: 'Print a contact sheet of the series', group: 'Export', keys: [] },
  { name: 'export.text', title: 'With corner text and patient', group: 'Export', keys: [] },
  { name: 'export.size', title: 'Whole image at its own size', group: 'Export', keys: [] },
  { name: 'panel.text', title: 'Corner text: all, minimal, none', group: 'Panels', keys: ['i'] },
  { name: 'panel.names', title: 'Hide or show who the patient is', group: 'Panels', keys: ['Shift+h'] },
  { name: 'panel.series', title: 'Series', group: 'Panels', keys: [] },
  { name: 'panel.tags', title: 'Tag browser', group: 'Panels', keys: ['g'] },
  { name: 'panel.commands', title: 'Search commands', group: 'Panels', keys: ['Ctrl+k'] },
  { name: 'panel.settings', title: 'Settings', group: 'Panels', keys: ['Ctrl+,'] },
  { name: 'panel.keys', title: 'Key sheet', group: 'Panels', keys: ['?'] },
  { name: 'panel.full', title: 'Full screen', group: 'Panels', keys: ['Shift+f'] },
  { name: 'local.open', title: 'Open local files…', group: 'Panels', keys: ['Ctrl+o'] },
  { name: 'local.folder', title: 'Open a local folder…', group: 'Panels', keys: ['Ctrl+Shift+o'] },
  { name: 'archive.files', title: 'Put files into the archive…', group: 'Panels', keys: ['Ctrl+u'] },
  { name: 'archive.folder', title: 'Put a folder into the archive…', group: 'Panels', keys: ['Ctrl+Shift+u'] },
  { name: 'study.next', title: 'Next study of the list', group: 'Panels', keys: ['Ctrl+ArrowRight'] },
  { name: 'study.previous', title: 'Previous study of the list', group: 'Panels', keys: ['Ctrl+ArrowLeft'] },
  { name: 'link.copy', title: 'Copy a link to this picture and its window', group: 'Export', keys: [] },
  { name: 'study.list', title: 'Back to the study list', group: 'Panels', keys: ['Ctrl+Home'] },
] as const;

export type CommandName = (typeof COMMANDS)[number]['name'];
/** The commands of the window presets of a modality, in their order; further presets have none. */
export const PRESET_COMMANDS: readonly CommandName[] = COMMANDS.map(({ name }) => name).filter((name) => name.startsWith('window.preset'));
export type Actions = Partial<Record<CommandName, () => void>>;

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** A key press as the table writes it: "Shift+r", "Ctrl+Home", "Space", "?". */
export function keyName(press: KeyPress): string {
  const plain = press.key === ' ' ? 'Space' : press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const letter = /^[a-z]$/.test(plain) || plain.length > 1;
  return `${press.ctrlKey || press.metaKey ? 'Ctrl+' : ''}${press.shiftKey && letter ? 'Shift+' : ''}${plain}`;
}

/** The keys in force; the table's own until a user's are set. */
let byKey: ReadonlyMap<string, CommandName> = new Map(COMMANDS.flatMap(({ name, keys }) => keys.map((key) => [key, name] as const)));
let keysInForce = (name: CommandName): readonly string[] => COMMANDS.find((command) => command.name === name)?.keys ?? [];

export function setKeymap(keymap: { byKey: ReadonlyMap<string, CommandName>; keysOf(name: CommandName): readonly string[] }): void {
  byKey = keymap.byKey;
  keysInForce = (name) => keymap.keysOf(name);
}

export const keysOf = (name: CommandName): readonly string[] => keysInForce(name);

export function commandForKey(press: KeyPress): CommandName | undefined {
  return press.altKey ? undefined : byKey.get(keyName(press));
}

export const titleOf = (name: CommandName): string => t(COMMANDS.find((command) => command.name === name)?.title ?? name);

/** The first key of a command as it is printed on keyboards; "" without one. */
export function keyLabel(name: CommandName): string {
  const key = keysOf(name)[0];
  return key ? printedKey(key) : '';
}

const PRINTED: Readonly<Record<string, string>> = {
  ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', PageUp: 'PgUp', PageDown: 'PgDn', Escape: 'Esc',
}; // prettier-ignore

export const printedKey = (key: string): string =>
  key
    .split(/\+(?=.)/)
    .map((part) => PRINTED[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
