// ViewportPort on Cornerstone3D's stack viewport. It is given pixels and a camera and draws; what an image means,
// where it lies in the patient and how it is loaded is decided elsewhere. World = image units, x right, y down.

import { Enums, RenderingEngine, init, metaData, utilities, type StackViewport, type Types } from '@cornerstonejs/core';
import { getRenderingCapabilities } from '@cornerstonejs/core/utilities/renderingCapabilities';
import { Owner } from '../../core/lifecycle';
import { imageSize, scaleOf, screenAxes, type Size, type View } from '../../core/view';
import type { Bitmap, ColourNode, ViewportPort } from '../../core/viewport-port';

const SCHEME = 'isocenter:';
const PLANE_DISTANCE = 100;
const shapes = new Map<string, Bitmap>();

function answer(type: string, imageId: string): unknown {
  const bitmap = shapes.get(imageId);
  if (!bitmap) return undefined;
  switch (type) {
    case 'imagePlaneModule':
      return {
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        imagePositionPatient: [0, 0, 0],
        rows: bitmap.rows,
        columns: bitmap.columns,
        rowPixelSpacing: bitmap.pixelHeight,
        columnPixelSpacing: bitmap.pixelWidth,
        usingDefaultValues: false,
      };
    case 'imagePixelModule':
      return {
        samplesPerPixel: bitmap.samples,
        photometricInterpretation: bitmap.samples === 3 ? 'RGB' : 'MONOCHROME2',
        bitsAllocated: bitmap.pixels.BYTES_PER_ELEMENT * 8,
        bitsStored: bitmap.pixels.BYTES_PER_ELEMENT * 8,
        highBit: bitmap.pixels.BYTES_PER_ELEMENT * 8 - 1,
        pixelRepresentation: 0,
      };
    case 'generalSeriesModule':
      return { modality: 'OT' };
    default:
      return undefined;
  }
}

let started = false;

/** Starts the library; false where the browser has no WebGL. */
export function startCornerstone(): boolean {
  if (!started) {
    init({ rendering: { preferSizeOverAccuracy: false } } as Parameters<typeof init>[0]);
    metaData.addProvider((type: string, ...query: unknown[]) => answer(type, String(query[0])), 10_000);
    started = true;
  }
  return getRenderingCapabilities().webgl;
}

function asImage(bitmap: Bitmap, imageId: string): Types.IImage {
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width: bitmap.columns,
    height: bitmap.rows,
    scalarData: bitmap.pixels,
    numberOfComponents: bitmap.samples,
  });
  const image = {
    imageId,
    dataType: bitmap.pixels.constructor.name,
    color: bitmap.samples === 3,
    rgba: false,
    numberOfComponents: bitmap.samples,
    columns: bitmap.columns,
    rows: bitmap.rows,
    width: bitmap.columns,
    height: bitmap.rows,
    columnPixelSpacing: bitmap.pixelWidth,
    rowPixelSpacing: bitmap.pixelHeight,
    slope: 1,
    intercept: 0,
    invert: false,
    minPixelValue: bitmap.min,
    maxPixelValue: bitmap.max,
    windowCenter: (bitmap.min + bitmap.max) / 2,
    windowWidth: Math.max(2, bitmap.max - bitmap.min),
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    sizeInBytes: bitmap.pixels.byteLength,
    voxelManager,
    getPixelData: () => bitmap.pixels,
    getCanvas: undefined,
  };
  return image as unknown as Types.IImage;
}

interface TransferFunction {
  removeAllPoints(): void;
  addRGBPoint(value: number, red: number, green: number, blue: number): number;
  setMappingRange(low: number, high: number): boolean;
  modified(): void;
}

interface ImageActor {
  getProperty(): { getRGBTransferFunction(index: number): TransferFunction | null };
}

let created = 0;

class CornerstoneViewport implements ViewportPort {
  readonly name = 'cornerstone';
  private readonly owner = new Owner();
  private readonly engine: RenderingEngine;
  private readonly viewportId = 'stack';
  private viewport: StackViewport;
  private shown: Bitmap | undefined;
  private view: View | undefined;
  private colours: readonly ColourNode[] = [];
  private smooth = true;
  private scheduled = 0;

  constructor(private readonly element: HTMLDivElement) {
    this.engine = new RenderingEngine(`isocenter-${++created}`);
    this.owner.own(() => this.engine.destroy());
    this.owner.own(() => cancelAnimationFrame(this.scheduled));
    this.viewport = this.enable();
  }

  show(bitmap: Bitmap): void {
    if (this.shown?.id === bitmap.id && this.shown === bitmap) return;
    const fresh = !this.shown || !alike(this.shown, bitmap);
    if (fresh && this.shown) this.viewport = this.enable();
    const imageId = SCHEME + bitmap.id;
    if (this.shown) shapes.delete(SCHEME + this.shown.id);
    shapes.set(imageId, bitmap);
    this.shown = bitmap;
    this.viewport.renderImageObject(asImage(bitmap, imageId));
    this.viewport.setProperties({ interpolationType: this.smooth ? Enums.InterpolationType.LINEAR : Enums.InterpolationType.NEAREST });
    this.applyColours();
    this.applyView();
  }

  setView(view: View): void {
    this.view = view;
    this.applyView();
  }

  setColours(nodes: readonly ColourNode[]): void {
    this.colours = nodes;
    this.applyColours();
  }

  setSmooth(smooth: boolean): void {
    this.smooth = smooth;
    if (this.shown) this.viewport.setProperties({ interpolationType: smooth ? Enums.InterpolationType.LINEAR : Enums.InterpolationType.NEAREST });
  }

  size(): Size {
    return { width: Math.max(1, this.element.clientWidth), height: Math.max(1, this.element.clientHeight) };
  }

  resize(): void {
    this.engine.resize(true, true);
    this.applyView();
    this.draw();
  }

  draw(): void {
    if (this.scheduled || !this.shown) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.engine.renderViewport(this.viewportId);
    });
  }

  onLost(tell: () => void): void {
    const window = this.engine.getOffscreenMultiRenderWindow(this.viewportId) as unknown as { getOpenGLRenderWindow(): { getCanvas(): HTMLCanvasElement } };
    const canvas = window.getOpenGLRenderWindow().getCanvas();
    canvas.addEventListener('webglcontextlost', tell, { once: true });
    this.owner.own(() => canvas.removeEventListener('webglcontextlost', tell));
  }

  dispose(): void {
    if (this.shown) shapes.delete(SCHEME + this.shown.id);
    this.shown = undefined;
    this.owner.dispose();
  }

  private enable(): StackViewport {
    this.engine.enableElement({
      viewportId: this.viewportId,
      type: Enums.ViewportType.STACK,
      element: this.element,
      defaultOptions: { background: [0, 0, 0] },
    });
    return this.engine.getViewport<StackViewport>(this.viewportId);
  }

  /** An image's world runs from the middle of its first pixel; ours from the image's centre. */
  private applyView(): void {
    const { shown, view } = this;
    if (!shown || !view) return;
    const size = this.size();
    const { width, height } = imageSize(shown);
    const { right, down } = screenAxes(view);
    const focalPoint: Types.Point3 = [view.x + (width - shown.pixelWidth) / 2, view.y + (height - shown.pixelHeight) / 2, 0];
    const toViewer = right[0] * -down[1] - right[1] * -down[0];
    const viewPlaneNormal: Types.Point3 = [0, 0, toViewer];
    this.viewport.setCamera({
      viewUp: [-down[0], -down[1], 0],
      viewPlaneNormal,
      focalPoint,
      position: [focalPoint[0], focalPoint[1], toViewer * PLANE_DISTANCE],
      parallelScale: size.height / 2 / scaleOf(view, shown, size),
      parallelProjection: true,
    });
  }

  private applyColours(): void {
    const [first, last] = [this.colours[0], this.colours.at(-1)];
    if (!this.shown || this.shown.samples === 3 || !first || !last) return;
    this.viewport.setProperties({ voiRange: { lower: first.value, upper: last.value } });
    const actor = this.viewport.getDefaultActor().actor as unknown as ImageActor;
    const transfer = actor.getProperty().getRGBTransferFunction(0);
    if (!transfer) return;
    transfer.removeAllPoints();
    for (const node of this.colours) transfer.addRGBPoint(node.value, node.red, node.green, node.blue);
    transfer.setMappingRange(first.value, last.value);
    transfer.modified();
  }
}

const alike = (a: Bitmap, b: Bitmap): boolean => a.samples === b.samples && a.pixels.constructor === b.pixels.constructor;

export function createCornerstoneViewport(element: HTMLDivElement): ViewportPort {
  return new CornerstoneViewport(element);
}
