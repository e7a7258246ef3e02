import { describe, expect, it } from 'vitest';
import { COLOUR_MAPS, coloured, gradientOf, mapOf } from '../src/core/colour-maps';
import { COMMANDS } from '../src/core/commands';
import { cornerText } from '../src/core/corner-text';
import { colourScale, storedNodes } from '../src/core/display';
import { displaySets } from '../src/core/stack';
import type { ColourNode } from '../src/core/viewport-port';
import { colourTable, TABLE } from '../src/viewport/canvas/colour-table';
import { bitmap, dataSet, pictureOf, slice } from './builders';

const RAMP = [{ value: 0, grey: 0 }, { value: 255, grey: 1 }];
const bytes = ({ red, green, blue }: ColourNode) => [red, green, blue].map((part) => Math.round(part * 255));
const pixels = bitmap(Uint8Array.from([0, 100]), 2);
const rgb = (word = 0) => [word & 255, (word >> 8) & 255, (word >> 16) & 255];

describe('colour maps', () => {
  it('give the colours of PS3.6 B.1 at every shade between their nodes', () => {
    const table = colourTable(coloured(RAMP, 'hotMetalBlue'));
    const at = (shade: number) => rgb(table[Math.round((shade / 255) * (TABLE - 1))]);
    for (const [shade, expected] of [[0, [0, 0, 0]], [64, [0, 0, 125]], [128, [116, 17, 97]], [191, [255, 136, 62]], [255, [255, 255, 255]]] as const) {
      at(shade).forEach((part, channel) => expect(Math.abs(part - (expected[channel] ?? 0))).toBeLessThanOrEqual(1));
    }
  });
  it('leave grey alone', () => expect(coloured(RAMP, undefined).map(bytes)).toEqual([[0, 0, 0], [255, 255, 255]]));
  it('turn round with an inverted window, values still rising', () => {
    const nodes = storedNodes(RAMP, pictureOf(dataSet({})), pixels, { inverted: true, map: 'hotIron' });
    expect(bytes(nodes[0] as ColourNode)).toEqual([255, 255, 255]);
    expect(bytes(nodes.at(-1) as ColourNode)).toEqual([0, 0, 0]);
    expect(nodes.map(({ value }) => value)).toEqual([...nodes.map(({ value }) => value)].sort((a, b) => a - b));
  });
  it('keep values rising under a negative slope', () => {
    const nodes = storedNodes(RAMP, pictureOf(dataSet({ RescaleSlope: -1 })), pixels, { inverted: false, map: 'pet' });
    expect([nodes[0]?.value, nodes.at(-1)?.value]).toEqual([-255, -0]);
    expect(bytes(nodes.at(-1) as ColourNode)).toEqual([0, 0, 0]);
  });
  it('each have a command', () => {
    const names = COMMANDS.map(({ name }) => name as string);
    for (const { id } of COLOUR_MAPS) expect(names).toContain(`map.${id}`);
  });
  it('draw themselves as a gradient', () => expect(gradientOf(coloured(RAMP, undefined), 'to top')).toBe('linear-gradient(to top, rgb(0.00% 0.00% 0.00%) 0.00%, rgb(100.00% 100.00% 100.00%) 100.00%)'));
});

describe('beside the picture', () => {
  const ct = pictureOf(dataSet({ RescaleSlope: 2, RescaleIntercept: -1000, RescaleType: 'HU', Modality: 'CT' }));
  it('the scale is in the values of the image', () => {
    const scale = colourScale([{ value: -160, grey: 0 }, { value: 240, grey: 1 }], ct, { choice: 'default', inverted: false, map: 'rainbow' });
    expect([scale?.nodes[0]?.value, scale?.nodes.at(-1)?.value, scale?.unit]).toEqual([-160, 240, 'HU']);
  });
  it('there is none in grey', () => expect(colourScale(RAMP, ct, { choice: 'default', inverted: true })).toBeUndefined());
  it('the corner names the map', () => {
    const set = displaySets([slice({ Modality: 'CT' })])[0];
    const picture = set?.pictures[0];
    if (!set || !picture) throw new Error('no set');
    const text = cornerText({ set, picture, index: 0, detail: 'minimal', paneWidth: 800, scale: 1, window: { center: 40, width: 400, function: 'LINEAR' }, windowLabel: '', map: mapOf('hotIron')?.label, suv: undefined, rate: undefined });
    expect(text.bottomLeft[0]).toBe('W 400 L 40 · Hot iron');
  });
});
