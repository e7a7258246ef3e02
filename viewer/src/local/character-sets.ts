// Bytes to text in the character sets of PS3.3 C.12.1.1.2, with the escape sequences of ISO 2022 (PS3.5 6.1.2.5).
// Tolerant: what is not known or not valid becomes a replacement character.

/** Defined terms without "ISO_IR " or "ISO 2022 IR ", and what TextDecoder calls the set. */
const LABELS: Readonly<Record<string, string>> = {
  '6': 'windows-1252',
  '13': 'shift_jis',
  '58': 'gbk',
  '87': 'windows-1252',
  '100': 'windows-1252',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '126': 'iso-8859-7',
  '127': 'iso-8859-6',
  '138': 'iso-8859-8',
  '144': 'iso-8859-5',
  '148': 'windows-1254',
  '149': 'euc-kr',
  '159': 'windows-1252',
  '166': 'windows-874',
  '192': 'utf-8',
  '203': 'iso-8859-15',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequences without ESC; `high`: bytes of the left half that stand for those of the right. */
const ESCAPES: readonly { sequence: string; label: string; high?: 'pairs' | 'supplement' }[] = [
  { sequence: '(B', label: 'windows-1252' },
  { sequence: '(J', label: 'shift_jis' },
  { sequence: ')I', label: 'shift_jis' },
  { sequence: '-A', label: 'windows-1252' },
  { sequence: '-B', label: 'iso-8859-2' },
  { sequence: '-C', label: 'iso-8859-3' },
  { sequence: '-D', label: 'iso-8859-4' },
  { sequence: '-F', label: 'iso-8859-7' },
  { sequence: '-G', label: 'iso-8859-6' },
  { sequence: '-H', label: 'iso-8859-8' },
  { sequence: '-L', label: 'iso-8859-5' },
  { sequence: '-M', label: 'windows-1254' },
  { sequence: '-T', label: 'windows-874' },
  { sequence: '-b', label: 'iso-8859-15' },
  { sequence: '$B', label: 'euc-jp', high: 'pairs' },
  { sequence: '$@', label: 'euc-jp', high: 'pairs' },
  { sequence: '$(D', label: 'euc-jp', high: 'supplement' },
  { sequence: '$)C', label: 'euc-kr' },
  { sequence: '$)A', label: 'gbk' },
];
const ESC = 0x1b;

const decoders = new Map<string, TextDecoder>();

function decode(label: string, bytes: Uint8Array): string {
  const decoder = decoders.get(label) ?? new TextDecoder(label);
  decoders.set(label, decoder);
  return decoder.decode(bytes);
}

const labelOf = (term: string): string => LABELS[term.trim().replace(/^ISO[_ ]IR |^ISO 2022 IR /, '')] ?? 'windows-1252';

/** JIS X 0208 and 0212 as EUC-JP writes them. */
function raised(bytes: Uint8Array, kind: 'pairs' | 'supplement'): Uint8Array {
  const high = bytes.map((byte) => (byte < 0x21 ? byte : byte | 0x80));
  if (kind === 'pairs') return high;
  return Uint8Array.from(Array.from({ length: high.length >> 1 }, (_, pair) => [0x8f, high[pair * 2] as number, high[pair * 2 + 1] as number]).flat());
}

function escaped(bytes: Uint8Array): string {
  const name = String.fromCharCode(...bytes.subarray(0, 3));
  const found = ESCAPES.find(({ sequence }) => name.startsWith(sequence));
  if (!found) return decode('windows-1252', bytes);
  const rest = bytes.subarray(found.sequence.length);
  return decode(found.label, found.high ? raised(rest, found.high) : rest);
}

/** Text in the sets of SpecificCharacterSet; the first one holds until an escape sequence. */
export function decodeText(bytes: Uint8Array, sets: readonly string[]): string {
  const first = labelOf(sets[0] ?? '');
  let at = bytes.indexOf(ESC);
  if (at < 0) return decode(first, bytes);
  let out = decode(first, bytes.subarray(0, at));
  while (at >= 0) {
    const next = bytes.indexOf(ESC, at + 1);
    out += escaped(bytes.subarray(at + 1, next < 0 ? bytes.length : next));
    at = next;
  }
  return out;
}
