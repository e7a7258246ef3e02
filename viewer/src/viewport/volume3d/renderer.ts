// Casts rays through a volume in WebGL2: textures, programs and frame buffers. Knows nothing of DICOM, nor of when to draw.

import type { Vector } from '../../core/geometry';
import { t } from '../../core/language';
import { Owner } from '../../core/lifecycle';
import type { Grid } from '../../core/volume3d/layers';
import { RASTER, type CutPicture, type CutPlane } from '../../core/volume3d/scissors';
import type { Rays } from '../../core/volume3d/space';
import { TABLE_SIZE } from '../../core/volume3d/transfer';
import { COPY, RAYS, VERTEX } from './shaders';

export interface Scene {
  volume: VolumeTexture;
  rays: Rays;
  /** What a millimetre along the patient's axes is in the texture. */
  axes: readonly [Vector, Vector, Vector];
  /** Away from the viewer, in the patient. */
  light: Vector;
  /** Corners of the clipping box, 0 to 1 along columns, rows and layers. */
  low: Vector;
  high: Vector;
  mode: 'volume' | 'mip';
  /** Texture values shown black and white in a MIP. */
  window: readonly [number, number];
  shaded: boolean;
  /** As many as pictures were given to `setCuts`. */
  cuts: readonly CutPlane[];
  /** mm between samples. */
  pace: number;
}

export interface TargetSize {
  width: number;
  height: number;
}

/** A volume on the graphics processor; whoever began it drops it. */
export interface VolumeTexture {
  grid: Grid;
  texture: WebGLTexture;
  /** Values are 0 to 1 within the range of the transfer function. */
  put(layer: number, values: Float32Array): void;
  drop(): void;
}

/** The pictures that are kept: of what moves, of the same at rest, and of all pixels where that is finer. */
export type PictureName = 'coarse' | 'fine' | 'whole';

interface Target extends TargetSize {
  buffer: WebGLFramebuffer;
  texture: WebGLTexture;
}

/** Software renderers, which want less. */
const SLOW = /swiftshader|llvmpipe|software|basic render/i;

export class VolumeRenderer {
  readonly slow: boolean;
  private readonly owner = new Owner();
  private readonly rays: WebGLProgram;
  private readonly copy: WebGLProgram;
  private readonly table: WebGLTexture;
  private readonly cuts: WebGLTexture;
  private readonly targets: Record<PictureName, Target>;

  /** Throws where the browser has no WebGL2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error(t('This browser has no WebGL 2, which 3D needs'));
    this.gl = gl;
    const info = gl.getExtension('WEBGL_debug_renderer_info');
    this.slow = SLOW.test(String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
    this.rays = this.program(RAYS);
    this.copy = this.program(COPY);
    this.square();
    this.table = this.texture(gl.TEXTURE_2D, gl.LINEAR);
    this.cuts = this.texture(gl.TEXTURE_2D_ARRAY, gl.LINEAR);
    this.setCuts([]);
    this.targets = { coarse: this.target(), fine: this.target(), whole: this.target() };
  }

  private readonly gl: WebGL2RenderingContext;

  get lost(): boolean {
    return this.gl.isContextLost();
  }

  /** The longest side a volume may have here. */
  get mostSide(): number {
    return Math.min(Number(this.gl.getParameter(this.gl.MAX_3D_TEXTURE_SIZE)), this.slow ? 160 : 512);
  }

  /** Begins a volume. */
  begin(grid: Grid): VolumeTexture {
    const { gl } = this;
    const texture = this.texture(gl.TEXTURE_3D, gl.LINEAR);
    gl.texStorage3D(gl.TEXTURE_3D, 1, gl.R16F, grid.columns, grid.rows, grid.layers);
    return {
      grid,
      texture,
      put: (layer, values) => {
        gl.bindTexture(gl.TEXTURE_3D, texture);
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
        gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, layer, grid.columns, grid.rows, 1, gl.RED, gl.FLOAT, values);
      },
      drop: () => gl.deleteTexture(texture),
    };
  }

  setTable(table: Uint8Array): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.table);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, TABLE_SIZE, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
  }

  setCuts(pictures: readonly CutPicture[]): void {
    const { gl } = this;
    const all = new Uint8Array(RASTER * RASTER * Math.max(1, pictures.length));
    pictures.forEach(({ pixels }, index) => all.set(pixels, index * RASTER * RASTER));
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.cuts);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, gl.R8, RASTER, RASTER, Math.max(1, pictures.length), 0, gl.RED, gl.UNSIGNED_BYTE, all);
  }

  /** Draws rows `from` to `to` (parts of the height, from below) into one of the pictures. */
  draw(name: PictureName, size: TargetSize, scene: Scene, from = 0, to = 1): void {
    const { gl } = this;
    const { volume } = scene;
    const target = this.sized(name, size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.buffer);
    gl.viewport(0, 0, size.width, size.height);
    gl.enable(gl.SCISSOR_TEST);
    const bottom = Math.floor(from * size.height);
    gl.scissor(0, bottom, size.width, Math.floor(to * size.height) - bottom);
    gl.useProgram(this.rays);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_3D, volume.texture);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.table);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.cuts);
    this.setUniforms(scene, volume.grid);
    const plain = name === 'coarse' && this.slow;
    if (plain) this.filter(gl.NEAREST);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    if (plain) this.filter(gl.LINEAR);
    gl.activeTexture(gl.TEXTURE0);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Puts one of the pictures on the canvas. */
  present(name: PictureName): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.useProgram(this.copy);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.targets[name].texture);
    gl.uniform1i(gl.getUniformLocation(this.copy, 'picture'), 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Resolves when everything asked for so far is drawn. */
  async finished(): Promise<void> {
    const { gl } = this;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (!sync) return;
    while (!this.lost) {
      const status = gl.clientWaitSync(sync, 0, 0);
      if (status === gl.ALREADY_SIGNALED || status === gl.CONDITION_SATISFIED || status === gl.WAIT_FAILED) break;
      await new Promise((done) => setTimeout(done, 4));
    }
    gl.deleteSync(sync);
  }

  dispose(): void {
    this.owner.dispose();
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  private setUniforms(scene: Scene, { columns, rows, layers }: Grid): void {
    const { gl } = this;
    const place = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(this.rays, name);
    const vectors = { origin: scene.rays.origin, across: scene.rays.across, upward: scene.rays.upward, ray: withoutZeros(scene.rays.ray), low: scene.low, high: scene.high, texel: [1 / columns, 1 / rows, 1 / layers] as Vector, axisX: scene.axes[0], axisY: scene.axes[1], axisZ: scene.axes[2], light: scene.light };
    for (const [name, [x, y, z]] of Object.entries(vectors)) gl.uniform3f(place(name), x, y, z);
    gl.uniform1i(place('volume'), 0);
    gl.uniform1i(place('table'), 1);
    gl.uniform1f(place('reach'), scene.rays.reach);
    gl.uniform1f(place('pace'), scene.pace);
    gl.uniform1i(place('mode'), scene.mode === 'mip' ? 1 : 0);
    gl.uniform2f(place('window'), scene.window[0], scene.window[1]);
    gl.uniform1i(place('shaded'), scene.shaded ? 1 : 0);
    gl.uniform1i(place('cuts'), 2);
    gl.uniform1i(place('cutCount'), scene.cuts.length);
    scene.cuts.forEach(({ across, upward, keep }, index) => {
      gl.uniform4f(place(`cutAcross[${index}]`), ...across);
      gl.uniform4f(place(`cutUpward[${index}]`), ...upward);
      gl.uniform1i(place(`cutKeeps[${index}]`), keep ? 1 : 0);
    });
  }

  /** How the volume and the table are read: between texels takes software three times as long. */
  private filter(kind: number): void {
    const { gl } = this;
    for (const [unit, target] of [[gl.TEXTURE0, gl.TEXTURE_3D], [gl.TEXTURE1, gl.TEXTURE_2D]] as const) {
      gl.activeTexture(unit);
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, name, kind);
    }
  }

  private square(): void {
    const { gl } = this;
    const buffer = gl.createBuffer();
    this.owner.own(() => gl.deleteBuffer(buffer));
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  }

  private program(fragment: string): WebGLProgram {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(type) as WebGLShader;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      gl.deleteShader(shader);
    }
    gl.bindAttribLocation(program, 0, 'corner');
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error([t('3D cannot be drawn here'), gl.getProgramInfoLog(program)].filter(Boolean).join(': '));
    this.owner.own(() => gl.deleteProgram(program));
    return program;
  }

  private texture(kind: number, filter: number): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(kind, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(kind, name, filter);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(kind, name, gl.CLAMP_TO_EDGE);
    return texture;
  }

  private target(): Target {
    const { gl } = this;
    const texture = this.texture(gl.TEXTURE_2D, gl.LINEAR);
    const buffer = gl.createFramebuffer();
    this.owner.own(() => {
      gl.deleteFramebuffer(buffer);
      gl.deleteTexture(texture);
    });
    return { buffer, texture, width: 0, height: 0 };
  }

  private sized(name: PictureName, { width, height }: TargetSize): Target {
    const { gl } = this;
    const target = this.targets[name];
    if (target.width === width && target.height === height) return target;
    gl.bindTexture(gl.TEXTURE_2D, target.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target.texture, 0);
    Object.assign(target, { width, height });
    return target;
  }
}

/** A ray along an axis must not divide by zero. */
const withoutZeros = (ray: Vector): Vector => ray.map((part) => (Math.abs(part) < 1e-9 ? 1e-9 : part)) as unknown as Vector;
