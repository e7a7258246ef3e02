import { expect, test } from 'vitest';
import { text } from '../src/core/dicom-json';
import { seriesMetadata } from '../src/core/opening';
import { decodeText } from '../src/local/character-sets';
import { hasSurplus, readFrame } from '../src/local/frames';
import { LocalStudies, vrOf, type NamedFile } from '../src/local/local-studies';
import { readObject, type LocalObject } from '../src/local/read-object';
import { readZip } from '../src/local/zip';

type Bytes = Uint8Array<ArrayBuffer>;
const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT', 'OV']);
const UNDEFINED = 0xffffffff;
const ascii = (value: string): Bytes => new TextEncoder().encode(value);
const joined = (...parts: Bytes[]): Bytes => new Uint8Array(parts.flatMap((part) => [...part]));

function words(size: 2 | 4, little: boolean, ...values: number[]): Bytes {
  const view = new DataView(new ArrayBuffer(values.length * size));
  values.forEach((value, at) => (size === 2 ? view.setUint16(at * 2, value, little) : view.setUint32(at * 4, value, little)));
  return new Uint8Array(view.buffer);
}

interface Form {
  little?: boolean;
  implicit?: boolean;
}

/** An element; `length` other than that of its value where it is undefined. */
function element(tag: string, vr: string, value: Bytes, { little = true, implicit = false }: Form = {}, length = value.length): Bytes {
  const head = words(2, little, parseInt(tag.slice(0, 4), 16), parseInt(tag.slice(4), 16));
  if (implicit || tag.startsWith('FFFE')) return joined(head, words(4, little, length), value);
  if (LONG.has(vr)) return joined(head, ascii(vr), words(2, little, 0), words(4, little, length), value);
  return joined(head, ascii(vr), words(2, little, length), value);
}

const deflated = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer());
const padded = (value: string): Bytes => ascii(value.length % 2 ? `${value} ` : value);
const item = (value: Bytes, length = value.length): Bytes => element('FFFEE000', '', value, {}, length);
const sequenceEnd = element('FFFEE0DD', '', new Uint8Array());

function header(form: Form, uid = '1.2.3', rest: Bytes[] = []): Bytes {
  const { little = true } = form;
  const one = (tag: string, vr: string, value: Bytes): Bytes => element(tag, vr, value, form);
  return joined(
    one('00080018', 'UI', padded(uid)),
    one('00080060', 'CS', padded('CT')),
    one('0020000D', 'UI', padded('1.2')),
    one('0020000E', 'UI', padded('1.2.1')),
    one('00280010', 'US', words(2, little, 2)),
    one('00280011', 'US', words(2, little, 3)),
    one('00280100', 'US', words(2, little, 16)),
    one('00280103', 'US', words(2, little, 1)),
    one('00280106', 'SS', words(2, little, 0xfffe)),
    ...rest,
  );
}

function file(syntax: string, dataSet: Bytes): Blob {
  return new Blob([new Uint8Array(128), ascii('DICM'), element('00020010', 'UI', padded(syntax)), dataSet]);
}

const read = (blob: Blob): Promise<LocalObject> => readObject(blob, 0, vrOf);
const PIXELS = [1, 2, 3, 4, 5, 600];
const SYNTAXES: readonly [string, Form][] = [
  ['1.2.840.10008.1.2', { implicit: true }],
  ['1.2.840.10008.1.2.1', {}],
  ['1.2.840.10008.1.2.2', { little: false }],
];

test.each(SYNTAXES)('%s is read, with and without preamble', async (syntax, form) => {
  const dataSet = joined(header(form), element('7FE00010', 'OW', words(2, form.little ?? true, ...PIXELS), form));
  for (const object of [await read(file(syntax, dataSet)), await read(new Blob([dataSet]))]) {
    expect(object.transferSyntaxUID).toBe(syntax);
    expect(text(object.dataSet, 'SOPInstanceUID')).toBe('1.2.3');
    expect(object.dataSet['00280106']).toEqual({ vr: 'SS', Value: [-2] });
    expect(await readFrame(object, 1)).toEqual(words(2, form.little ?? true, ...PIXELS));
    await expect(readFrame(object, 2)).rejects.toThrow('cut off');
    expect([hasSurplus(object), hasSurplus({ ...object, pixels: { ...(object.pixels as NonNullable<typeof object.pixels>), length: (object.pixels?.length ?? 0) + 2 } })]).toEqual([false, true]);
  }
});

test('a deflated data set is unpacked', async () => {
  const dataSet = joined(header({}), element('7FE00010', 'OW', words(2, true, ...PIXELS)));
  for (const padding of [0, 1]) {
    const packed = joined(await deflated(dataSet), new Uint8Array(padding));
    expect(await readFrame(await read(file('1.2.840.10008.1.2.1.99', packed)), 1)).toEqual(words(2, true, ...PIXELS));
  }
});

test('sequences of undefined length, private and unknown ones, long values by their place', async () => {
  const inner = joined(element('00080100', 'SH', padded('A')), element('FFFEE00D', '', new Uint8Array()));
  const unknown = joined(item(element('00080100', '', padded('B'), { implicit: true })), sequenceEnd);
  const table = new Uint8Array(70_000).fill(7);
  const rest = [
    element('00409096', 'SQ', joined(item(inner, UNDEFINED), sequenceEnd), {}, UNDEFINED),
    element('00431029', 'UN', unknown, {}, UNDEFINED),
    element('00660001', 'OW', table),
    element('00660002', 'LO', padded('after')),
  ];
  const { dataSet } = await read(file('1.2.840.10008.1.2.1', header({}, '1.2.3', rest)));
  expect(dataSet['00409096']?.Value).toEqual([{ '00080100': { vr: 'SH', Value: ['A'] } }]);
  expect(dataSet['00431029']?.Value).toEqual([{ '00080100': { vr: 'SH', Value: ['B'] } }]);
  expect(dataSet['00660001']?.BulkDataURI).toMatch(/^local:0\/\d+\/70000\/1$/);
  expect(dataSet['00660002']?.Value).toEqual(['after']);
});

const JPEG_A = Uint8Array.from([0xff, 0xd8, 0xff, 1]);
const JPEG_B = Uint8Array.from([0xff, 0xd8, 0xff, 2]);
const MORE = Uint8Array.from([9, 9]);
const fragments = joined(item(JPEG_A), item(MORE), item(JPEG_B));
const TABLES: readonly [string, Bytes[], Bytes][] = [
  ['a basic offset table', [], item(words(4, true, 0, 22))],
  ['no offset table', [], item(new Uint8Array())],
];

test.each(TABLES)('frames of fragments are found by %s', async (_, rest, table) => {
  const frames = [element('00280008', 'IS', padded('2')), ...rest];
  const dataSet = joined(header({}, '1.2.3', frames), element('7FE00010', 'OB', joined(table, fragments, sequenceEnd), {}, UNDEFINED));
  const object = await read(file('1.2.840.10008.1.2.4.50', dataSet));
  expect(await readFrame(object, 1)).toEqual(joined(JPEG_A, MORE));
  expect(await readFrame(object, 2)).toEqual(JPEG_B);
  await expect(readFrame(object, 3)).rejects.toThrow('missing');
});

test('an extended offset table says where frames lie', async () => {
  const wide = (...values: number[]): Bytes => words(4, true, ...values.flatMap((value) => [value, 0]));
  const tables = [element('7FE00001', 'OV', wide(0, 22)), element('7FE00002', 'OV', wide(4, 4))];
  const dataSet = joined(header({}, '1.2.3', tables), element('7FE00010', 'OB', joined(item(new Uint8Array()), fragments, sequenceEnd), {}, UNDEFINED));
  const object = await read(file('1.2.840.10008.1.2.4.50', dataSet));
  expect([await readFrame(object, 1), await readFrame(object, 2)]).toEqual([JPEG_A, JPEG_B]);
});

test('frames of single bits begin anywhere in a byte', async () => {
  const bits = [element('00280008', 'IS', padded('2'))];
  const dataSet = joined(header({}, '1.2.3', bits), element('7FE00010', 'OW', Uint8Array.from([0b11_000001, 0b0000_1010])));
  const object = await read(file('1.2.840.10008.1.2.1', dataSet));
  object.dataSet['00280100'] = { vr: 'US', Value: [1] };
  expect([...(await readFrame(object, 1))].map((byte) => byte & 63)).toEqual([1]);
  expect([...(await readFrame(object, 2))].map((byte) => byte & 63)).toEqual([0b101011]);
});

test.each([
  ['Latin 1', 'ISO_IR 100', [0x42, 0xfc, 0x63], 'Büc'],
  ['UTF-8', 'ISO_IR 192', [0xe5, 0xb1, 0xb1], '山'],
  ['kanji', '\\ISO 2022 IR 87', [0x1b, 0x24, 0x42, 0x3b, 0x33, 0x45, 0x44, 0x1b, 0x28, 0x42, 0x5e, 0x41], '山田^A'],
  ['half-width katakana', 'ISO 2022 IR 13\\ISO 2022 IR 87', [0xd4, 0xcf, 0xc0, 0xde], 'ﾔﾏﾀﾞ'],
  ['hangul', '\\ISO 2022 IR 149', [0x48, 0x3d, 0x1b, 0x24, 0x29, 0x43, 0xb1, 0xe8], 'H=김'],
  ['Greek', 'ISO_IR 126', [0xc4, 0xe9], 'Δι'],
  ['GB 18030', 'GB18030', [0xcd, 0xf5], '王'],
])('%s is read', (_, sets, bytes, expected) => {
  expect(decodeText(Uint8Array.from(bytes), sets.split('\\'))).toBe(expected);
});

/** A ZIP of these files; `stored` ones are not packed. */
async function zip(files: readonly [name: string, content: Bytes, method: number][]): Promise<Blob> {
  const parts: Bytes[] = [];
  const entries: Bytes[] = [];
  let at = 0;
  for (const [name, content, method] of files) {
    const body = method === 8 ? await deflated(content) : content;
    const common = joined(words(2, true, 20, 0, method, 0, 0), words(4, true, 0, body.length, content.length), words(2, true, name.length, 0));
    const local = joined(words(4, true, 0x04034b50), common, ascii(name), body);
    entries.push(joined(words(4, true, 0x02014b50), words(2, true, 20), common, words(2, true, 0, 0, 0), words(4, true, 0, at), ascii(name)));
    parts.push(local);
    at += local.length;
  }
  const directory = joined(...entries);
  return new Blob([...parts, directory, words(4, true, 0x06054b50), words(2, true, 0, 0, files.length, files.length), words(4, true, directory.length, at), words(2, true, 0)]);
}

const named = (path: string, blob: Blob): NamedFile => ({ path, open: () => Promise.resolve(blob) });
const whole = async (uid: string): Promise<Bytes> => new Uint8Array(await file('1.2.840.10008.1.2.1', header({}, uid)).arrayBuffer());

test('a ZIP is read; what it cannot give is listed with its reason and stops nothing else', async () => {
  const packed = await zip([['a/1.dcm', await whole('1.2.3'), 8], ['a/2.dcm', await whole('1.2.4'), 0], ['a/', new Uint8Array(), 0], ['x.txt', ascii('words of no use'), 8], ['y', ascii('?'), 12]]);
  expect((await readZip(packed)).map(({ path }) => path)).toEqual(['a/1.dcm', 'a/2.dcm', 'x.txt', 'y']);
  const studies = new LocalStudies();
  await studies.add([named('all.zip', packed), named('empty', new Blob()), named('cut.zip', packed.slice(0, 200)), named('cut.dcm', file('1.2.840.10008.1.2.1', header({}).slice(0, 45)))]);
  await studies.add([named('again.dcm', new Blob([await whole('1.2.4')]))]);
  const { problems, objects, waiting, studies: rows } = studies.state();
  expect([objects, waiting]).toEqual([2, 0]);
  expect(Object.fromEntries(problems.map(({ path, reason }) => [path, reason]))).toEqual({
    'all.zip/x.txt': 'Not a DICOM file',
    'all.zip/y': 'It is packed by method 12, which browsers do not unpack',
    'again.dcm': expect.stringContaining('already') as string,
    empty: 'The file is empty',
    'cut.zip': 'The ZIP is cut off: its directory is missing',
    'cut.dcm': 'The file is cut off in its header',
  });
  expect(rows.map((row) => [text(row, 'StudyInstanceUID'), row['00201208']?.Value])).toEqual([['1.2', [2]]]);
  const [series] = studies.opening('1.2').series;
  expect(series && seriesMetadata(series).map((one) => text(one, 'SOPInstanceUID')).sort()).toEqual(['1.2.3', '1.2.4']);
});

test('a bomb is refused', async () => {
  const packed = await zip([['bomb', new Uint8Array(100_000), 8]]);
  const bytes = new Uint8Array(await packed.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 6, true);
  view.setUint32(directory + 24, 10, true);
  const [entry] = await readZip(new Blob([bytes]));
  await expect(entry?.open()).rejects.toThrow('more than it says');
});
