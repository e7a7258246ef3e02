// What the three components of a JPEG are is told by the header of the object (PS3.5 8.2.1). Decoders go by what its first writer left in
// application markers, or guess: so these are exchanged for one that says what the header says.

const [SOI, APP0, APP14, SOS] = [0xd8, 0xe0, 0xee, 0xda];
/** Start of frame of DCT processes; 0xc4, 0xc8 and 0xcc are tables and reserved (ITU-T T.81 B.1.1.3). */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

interface Segment {
  marker: number;
  from: number;
  to: number;
}

/** A codestream whose components are RGB, or YCbCr that decoders turn into RGB. One that contradicts `rgb` was compressed as YCbCr by a writer that forgot to say so. */
export function withColours(bytes: Uint8Array<ArrayBuffer>, rgb: boolean): Uint8Array<ArrayBuffer> {
  const segments = headerOf(bytes);
  if (segments.length === 0) return bytes;
  const told = segments.findLast((segment) => isAdobe(bytes, segment));
  const transformed = told ? bytes[told.from + 15] === 1 : segments.some((segment) => isFrame(segment.marker) && isSubsampled(bytes, segment));
  const kept = segments.filter((segment) => segment.marker !== APP0 && !isAdobe(bytes, segment));
  const parts = [bytes.subarray(0, segments[0]?.from), adobe(rgb && !transformed ? 0 : 1), ...kept.map(({ from, to }) => bytes.subarray(from, to)), bytes.subarray(segments.at(-1)?.to)];
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

/** The segments before the first scan; none where the bytes are no JPEG. */
function headerOf(bytes: Uint8Array): Segment[] {
  const found: Segment[] = [];
  let at = 2;
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return found;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const to = at + 2 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    if (marker === SOS || to > bytes.length || to < at + 4) break;
    found.push({ marker, from: at, to });
    at = to;
  }
  return found;
}

const isAdobe = (bytes: Uint8Array, { marker, from, to }: Segment): boolean => marker === APP14 && to - from >= 16 && String.fromCharCode(...bytes.subarray(from + 4, from + 9)) === 'Adobe';

/** Whether components differ in their sampling factors. */
function isSubsampled(bytes: Uint8Array, { from }: Segment): boolean {
  const factors = Array.from({ length: bytes[from + 9] ?? 0 }, (_, component) => bytes[from + 11 + 3 * component]);
  return new Set(factors).size > 1;
}

/** An Adobe marker: components as they are (0), or YCbCr (1). */
const adobe = (transform: 0 | 1): Uint8Array => Uint8Array.of(0xff, APP14, 0, 14, 65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, transform);
