// Colour nodes as a table for fast lookup.

import type { ColourNode } from '../../core/viewport-port';

export const TABLE = 4096;

/** Colours of TABLE values between the first and the last node, as RGBA words. */
export function colourTable(nodes: readonly ColourNode[]): Uint32Array {
  const table = new Uint32Array(TABLE);
  const [first, last] = [nodes[0], nodes.at(-1)];
  if (!first || !last) return table;
  let next = 1;
  for (let i = 0; i < TABLE; i += 1) {
    const value = first.value + ((last.value - first.value) * i) / (TABLE - 1);
    while (next < nodes.length - 1 && (nodes[next] as ColourNode).value < value) next += 1;
    table[i] = blended(nodes[next - 1] as ColourNode, nodes[next] ?? last, value);
  }
  return table;
}

function blended(low: ColourNode, high: ColourNode, value: number): number {
  const share = high.value > low.value ? Math.min(1, Math.max(0, (value - low.value) / (high.value - low.value))) : 1;
  const part = (from: number, to: number): number => Math.round((from + (to - from) * share) * 255);
  return (255 << 24) | (part(low.blue, high.blue) << 16) | (part(low.green, high.green) << 8) | part(low.red, high.red);
}
