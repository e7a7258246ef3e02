// Colour maps for grey pictures: from shade to colour. The well-known palettes are those of PS3.6 B.1, entry by entry. Pure.

import PALETTES from './data/palettes.json';
import { greyNodes, type ColourNode } from './viewport-port';
import type { Node } from './window';

export type ColourMapId = 'hotIron' | 'pet' | 'pet20Step' | 'hotMetalBlue' | 'rainbow';

/** A colour at a shade; all parts 0..1, straight lines between. */
interface Stop {
  shade: number;
  red: number;
  green: number;
  blue: number;
}

interface ColourMap {
  id: ColourMapId;
  label: string;
  stops: readonly Stop[];
}

const stops = (points: readonly (readonly number[])[]): Stop[] => points.map(([at = 0, red = 0, green = 0, blue = 0]) => ({ shade: at / 255, red: red / 255, green: green / 255, blue: blue / 255 }));

/** No palette of the standard: equal steps of hue from blue to red, out of black. */
const RAINBOW = [[0, 0, 0, 0], [16, 0, 0, 255], [76, 0, 255, 255], [136, 0, 255, 0], [196, 255, 255, 0], [255, 255, 0, 0]]; // prettier-ignore

export const COLOUR_MAPS: readonly ColourMap[] = [
  { id: 'hotIron', label: 'Hot iron', stops: stops(PALETTES.hotIron) },
  { id: 'pet', label: 'PET', stops: stops(PALETTES.pet) },
  { id: 'pet20Step', label: 'PET 20 step', stops: stops(PALETTES.pet20Step) },
  { id: 'hotMetalBlue', label: 'Hot metal blue', stops: stops(PALETTES.hotMetalBlue) },
  { id: 'rainbow', label: 'Rainbow', stops: stops(RAINBOW) },
];

export const mapOf = (id: ColourMapId | undefined): ColourMap | undefined => COLOUR_MAPS.find((map) => map.id === id);

const blend = (from: number, to: number, share: number): number => from + (to - from) * share;

function colourAt(stops: readonly Stop[], shade: number): Omit<Stop, 'shade'> {
  const next = Math.max(1, stops.findIndex((stop) => stop.shade >= shade));
  const [low, high] = [stops[next - 1] as Stop, stops[next] as Stop];
  const share = Math.min(1, Math.max(0, (shade - low.shade) / (high.shade - low.shade)));
  return { red: blend(low.red, high.red, share), green: blend(low.green, high.green, share), blue: blend(low.blue, high.blue, share) };
}

/** Shades as colours, with a node for each stop of the map that a line between two of them crosses. */
export function coloured(nodes: readonly Node[], id: ColourMapId | undefined): ColourNode[] {
  const map = mapOf(id);
  if (!map) return greyNodes(nodes);
  const within = nodes.flatMap((node, index) => [...(index > 0 ? crossed(nodes[index - 1] as Node, node, map.stops) : []), node]);
  return within.map(({ value, grey }) => ({ value, ...colourAt(map.stops, grey) }));
}

function crossed(from: Node, to: Node, stops: readonly Stop[]): Node[] {
  const [low, high] = [Math.min(from.grey, to.grey), Math.max(from.grey, to.grey)];
  const inside = stops.filter(({ shade }) => shade > low && shade < high);
  const ordered = from.grey <= to.grey ? inside : [...inside].reverse();
  return ordered.map(({ shade }) => ({ value: blend(from.value, to.value, (shade - from.grey) / (to.grey - from.grey)), grey: shade }));
}

const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;

/** The colours from the first node to the last as a gradient of CSS. */
export function gradientOf(nodes: readonly ColourNode[], towards: string): string {
  const [low, high] = [nodes[0]?.value ?? 0, nodes.at(-1)?.value ?? 1];
  const stopsOf = nodes.map(({ value, red, green, blue }) => `rgb(${percent(red)} ${percent(green)} ${percent(blue)}) ${percent((value - low) / (high - low || 1))}`);
  return `linear-gradient(${towards}, ${stopsOf.join(', ')})`;
}
