// The lower resolutions that the beginning of an HTJ2K codestream holds (ITU-T T.800 A.4.2, A.5.1, A.6.1, B.12; T.814). Pure.
// Only where each has a tile-part of its own and they follow one another, as the archive writes them; else it holds none.

const [SOC, SIZ, COD, COC, POC, SOT] = [0xff4f, 0xff51, 0xff52, 0xff53, 0xff5f, 0xff90];
/** Progressions that begin with all of the lowest resolution: RLCP and RPCL. */
const BY_RESOLUTION = [1, 2];
/** No beginning with less than these bytes behind each of its markers is of use, and none of what is read of them lies further. */
const SHORTEST = 38;

export interface Beginning {
  /** So many bytes of the codestream. */
  end: number;
  /** Are the image with one of so many pixels a side. */
  by: number;
}

/** The highest resolution below the whole one that these bytes hold all of. */
export function lowerResolution(bytes: Uint8Array): Beginning | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = mainHeader(view);
  if (!header) return undefined;
  const { levels } = header;
  let found: Beginning | undefined;
  for (let part = 0, at = header.end; part < levels && isTilePart(view, at, part, levels); part += 1) {
    at += view.getUint32(at + 6);
    if (at > bytes.length) break;
    found = { end: at, by: 2 ** (levels - part) };
  }
  return found;
}

/** How often the image is halved, and where the main header ends; undefined where that has not come, or parts do not follow by resolution. */
function mainHeader(view: DataView): { levels: number; end: number } | undefined {
  if (view.byteLength < SHORTEST || view.getUint16(0) !== SOC || view.getUint16(2) !== SIZ) return undefined;
  let levels: number | undefined;
  for (let at = 2; at + SHORTEST <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === SOT) return levels === undefined ? undefined : { levels, end: at };
    if (marker === COC || marker === POC || (marker === SIZ && !isOneTile(view, at))) return undefined;
    if (marker === COD && !BY_RESOLUTION.includes(view.getUint8(at + 5))) return undefined;
    if (marker === COD) levels = view.getUint8(at + 9);
  }
  return undefined;
}

const isOneTile = (view: DataView, siz: number): boolean => [6, 10].every((side) => view.getUint32(siz + side + 16) + view.getUint32(siz + side + 24) >= view.getUint32(siz + side));

const isTilePart = (view: DataView, at: number, part: number, levels: number): boolean =>
  at + 12 <= view.byteLength && view.getUint16(at) === SOT && view.getUint8(at + 10) === part && view.getUint8(at + 11) === levels + 1 && view.getUint32(at + 6) > 12;
