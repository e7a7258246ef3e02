// The codec packages ship no usable types for their WebAssembly builds.

declare module '@cornerstonejs/codec-*' {
  import type { WasmFactory } from './viewport/decode/codecs';
  const factory: WasmFactory;
  export default factory;
}
declare module '@cornerstonejs/codec-*?url' {
  const url: string;
  export default url;
}
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    decompress(buffer: ArrayBuffer, offset: number, length: number): ArrayBuffer;
  }
}
