// multipart/related bodies (RFC 2046, PS3.18 8.6.1), whole in memory. Binary safe: parts end only at a boundary line.

import { t } from '../core/language';

export interface Part {
  headers: ReadonlyMap<string, string>;
  body: Uint8Array<ArrayBuffer>;
}

/** A parameter of a header such as Content-Type, unquoted: parameter('a/b; x="y"', 'x') → "y". */
export function parameter(header: string, name: string): string {
  const match = new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]*))`, 'i').exec(header);
  return match?.[1] ?? match?.[2] ?? '';
}

const BLANK = Uint8Array.of(13, 10, 13, 10);

function find(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < wanted.length && bytes[at + matched] === wanted[matched]) matched += 1;
    if (matched === wanted.length) return at;
  }
  return -1;
}

function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** The parts of a body; throws where it has no boundary or a part is cut off. Bodies are views, not copies. */
export function readMultipart(contentType: string, bytes: Uint8Array<ArrayBuffer>): Part[] {
  const boundary = parameter(contentType, 'boundary');
  if (!boundary) throw new Error(t('The answer is not multipart: no boundary'));
  const encoder = new TextEncoder();
  const next = encoder.encode(`\r\n--${boundary}`);
  const parts: Part[] = [];
  let at = find(bytes, encoder.encode(`--${boundary}`), 0);
  if (at < 0) throw new Error(t('The answer has no part'));
  at += boundary.length + 2;
  while (!(bytes[at] === 0x2d && bytes[at + 1] === 0x2d)) {
    const bodyStart = find(bytes, BLANK, at);
    const bodyEnd = bodyStart < 0 ? -1 : partEnd(bytes, bodyStart + 4, next);
    if (bodyEnd < 0) throw new Error(t('The answer is cut off'));
    const headers = readHeaders(new TextDecoder().decode(bytes.subarray(at, bodyStart)));
    parts.push({ headers, body: bytes.subarray(bodyStart + 4, bodyEnd) });
    at = bodyEnd + next.length;
  }
  return parts;
}

/** Where the first body begins, once its headers have come. */
export function firstBody(bytes: Uint8Array): number | undefined {
  const at = find(bytes, BLANK, 0);
  return at < 0 ? undefined : at + BLANK.length;
}

/** A boundary counts only where its line ends there: data may hold its text. */
function partEnd(bytes: Uint8Array, from: number, next: Uint8Array): number {
  for (let at = find(bytes, next, from); at >= 0; at = find(bytes, next, at + 1)) {
    const after = bytes[at + next.length];
    if (after === 0x0d || after === 0x2d || after === 0x20 || after === 0x09) return at;
  }
  return -1;
}
