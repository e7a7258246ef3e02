import { expect, test } from 'vitest';
import tokens from '../src/ui/tokens.css?raw';

/** The colours that a rule of tokens.css sets. */
function coloursOf(rule: string): Record<string, string> {
  const body = tokens.slice(tokens.indexOf(`${rule} {`)).split('}')[0] ?? '';
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g)].map(([, name = '', value = '']) => [name, value] as const));
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const digits = colour.length === 4 ? (colour.slice(1).match(/./g) ?? []).map((digit) => digit + digit) : (colour.slice(1).match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = digits.map((pair) => parseInt(pair, 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Each style sheet of the viewer, by its path. */
const SHEETS = import.meta.glob<string>('../src/**/*.css', { query: '?raw', import: 'default', eager: true });
const TEXTS = ['text', 'text-muted', 'text-faint', 'accent', 'warn', 'bad', 'good'];
const GROUNDS = ['ground', 'surface', 'surface-raised', 'surface-hover', 'surface-active'];
const normal = coloursOf(':root');
const high = { ...normal, ...coloursOf(":root[data-theme='contrast']") };

test('contrast is computed as WCAG does', () => {
  expect(contrast('#000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#fff')).toBeCloseTo(4.48, 2);
});

test.each([['normal', normal, 4.5], ['high', high, 7]] as const)('every text on every ground: %s contrast', (_, colours, least) => {
  const low = TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground, contrast(colours[text] ?? '', colours[ground] ?? '')] as const)).filter(([, , ratio]) => !(ratio >= least));
  expect(low).toEqual([]);
});

test('the text of a button that cannot be pressed is not dimmed', () => {
  const rules = Object.values(SHEETS).flatMap((sheet) => [...sheet.replaceAll(':not(:disabled)', '').matchAll(/([^{}]+){([^{}]*)}/g)]);
  const bodies = rules.filter(([, selector = '']) => /\.button\S*:disabled/.test(selector)).map(([, , body = '']) => body);
  expect(bodies.map((body) => /\n {2}color: var\(--([\w-]+)\)/.exec(body)?.[1])).toEqual(['text-faint']);
  expect(bodies.join('')).not.toContain('opacity');
});

test('the system’s wish for contrast sets the same colours as the choice', () => {
  expect(coloursOf(":root:not([data-theme='standard'])")).toEqual(coloursOf(":root[data-theme='contrast']"));
});
