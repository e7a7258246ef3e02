// Which films this browser makes: MP4 where it encodes H.264 frame by frame, else WebM where it records a canvas, else none.

/** Constrained baseline, whose frames come in the order in which they are seen; levels by the macroblocks of a frame that they allow. */
const PROFILE = 'avc1.42e0';
const LEVELS: readonly (readonly [macroblocks: number, level: string])[] = [[3600, '1f'], [8192, '28'], [36_864, '33']];
/** Bits of film for a pixel of a frame. */
const BITS = 0.5;
const WEBM = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'];

/** How frames of this size are encoded; undefined where they cannot be. Browsers encode for pages over HTTPS and of the own machine only. */
export async function h264For(width: number, height: number, rate: number): Promise<VideoEncoderConfig | undefined> {
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const level = LEVELS.find(([most]) => macroblocks <= most)?.[1];
  if (typeof VideoEncoder === 'undefined' || !level) return undefined;
  const config: VideoEncoderConfig = { codec: `${PROFILE}${level}`, width, height, framerate: rate, bitrate: Math.round(width * height * rate * BITS), avc: { format: 'avc' } };
  const { supported } = await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
  return supported ? config : undefined;
}

/** What a recorder is to write; undefined where there is none. */
export const webmType = (): string | undefined => (typeof MediaRecorder === 'undefined' ? undefined : WEBM.find((one) => MediaRecorder.isTypeSupported(one)));

export type FilmKind = 'MP4' | 'WebM' | '';

/** What films of the size of a screen are. */
export async function filmKind(): Promise<FilmKind> {
  return (await h264For(1280, 720, 30)) ? 'MP4' : webmType() ? 'WebM' : '';
}
