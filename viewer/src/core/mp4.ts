// An MP4 file of one H.264 track (ISO/IEC 14496-12 and -15): when each frame is seen, and where it lies. Frames are given in
// the order in which they are seen, none refers to a later one. It has no name and no date of anybody. Pure.

export interface Mp4Frame {
  bytes: Uint8Array<ArrayBuffer>;
  /** Can be drawn without those before it. */
  key: boolean;
  /** ms. */
  duration: number;
}

export interface Mp4Track {
  width: number;
  height: number;
  /** AVCDecoderConfigurationRecord. */
  description: Uint8Array;
}

/** Ticks of a second. */
const SCALE = 90_000;
const IDENTITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

type Bytes = readonly number[];

const u16 = (value: number): Bytes => [(value >> 8) & 255, value & 255];
const u32 = (value: number): Bytes => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const all32 = (values: readonly number[]): Bytes => values.flatMap(u32);
const zeros = (count: number): Bytes => new Array<number>(count).fill(0);
const letters = (text: string): Bytes => Array.from(text, (letter) => letter.charCodeAt(0));

function box(type: string, ...parts: Bytes[]): Bytes {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return [u32(size), letters(type), ...parts].flat();
}

/** With a version of 0 and flags. */
const full = (type: string, flags: number, ...parts: Bytes[]): Bytes => box(type, u32(flags), ...parts);
const counted = (type: string, entries: readonly Bytes[]): Bytes => full(type, 0, u32(entries.length), entries.flat());

/** Ticks of each frame, so that no rounding adds up. */
function ticksOf(frames: readonly Mp4Frame[]): number[] {
  let [time, before] = [0, 0];
  return frames.map(({ duration }) => {
    time += duration;
    const end = Math.round((time * SCALE) / 1000);
    const ticks = Math.max(1, end - before);
    before = end;
    return ticks;
  });
}

/** Neighbours of one length are written as one: how many, how long. */
function runs(ticks: readonly number[]): Bytes[] {
  const found: [number, number][] = [];
  for (const tick of ticks) {
    const last = found.at(-1);
    if (last?.[1] === tick) last[0] += 1;
    else found.push([1, tick]);
  }
  return found.map(all32);
}

function sampleTable({ width, height, description }: Mp4Track, frames: readonly Mp4Frame[], ticks: readonly number[], first: number): Bytes {
  const avc1 = box('avc1', zeros(6), u16(1), zeros(16), u16(width), u16(height), all32([0x480000, 0x480000, 0]), u16(1), zeros(32), u16(24), u16(0xffff), box('avcC', [...description]));
  const keys = frames.flatMap(({ key }, index) => (key ? [u32(index + 1)] : []));
  return box(
    'stbl',
    counted('stsd', [avc1]),
    counted('stts', runs(ticks)),
    counted('stss', keys),
    counted('stsc', [all32([1, frames.length, 1])]),
    full('stsz', 0, u32(0), u32(frames.length), all32(frames.map(({ bytes }) => bytes.length))),
    counted('stco', [u32(first)]),
  );
}

/** `first` is where the frames begin in the file. */
function movie(track: Mp4Track, frames: readonly Mp4Frame[], first: number): Bytes {
  const ticks = ticksOf(frames);
  const length = ticks.reduce((sum, tick) => sum + tick, 0);
  const media = box(
    'mdia',
    full('mdhd', 0, all32([0, 0, SCALE, length]), u16(0x55c4), u16(0)),
    full('hdlr', 0, u32(0), letters('vide'), zeros(13)),
    box('minf', full('vmhd', 1, zeros(8)), box('dinf', counted('dref', [full('url ', 1)])), sampleTable(track, frames, ticks, first)),
  );
  return box(
    'moov',
    full('mvhd', 0, all32([0, 0, SCALE, length, 0x10000]), u16(0x100), zeros(10), all32(IDENTITY), zeros(24), u32(2)),
    box('trak', full('tkhd', 3, all32([0, 0, 1, 0, length]), zeros(16), all32(IDENTITY), all32([track.width * 65536, track.height * 65536])), media),
  );
}

/** The pieces of the file, in order. What tells of the frames comes first, so that players begin at once. */
export function mp4(track: Mp4Track, frames: readonly Mp4Frame[]): Uint8Array<ArrayBuffer>[] {
  const type = box('ftyp', letters('isom'), u32(0x200), letters('isomavc1mp41'));
  const before = type.length + movie(track, frames, 0).length + 8;
  const size = frames.reduce((sum, { bytes }) => sum + bytes.length, 8);
  return [Uint8Array.from([...type, ...movie(track, frames, before), ...u32(size), ...letters('mdat')]), ...frames.map(({ bytes }) => bytes)];
}
