// Isocontour regions of the open viewer: fetches the slices that a sphere touches, grows the region, keeps what was found.

import { isFunctional } from '../../core/fusion';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { boxAround, contoursOf, grown, type Region, type Sphere, type VoxelBox } from '../../core/measure/isocontour';
import { regionQuantities, sphereOf } from '../../core/measure/isocontour-tool';
import type { ImagePlace, Measurement } from '../../core/measure/types';
import { text } from '../../core/dicom-json';
import { toModality } from '../../core/modality';
import { findPicture } from '../../core/phases';
import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { chosenSuv, type SuvChoice } from '../../core/suv';
import { volumeOf, type Volume, type VolumeAnswer } from '../../core/volume';
import type { PictureStore } from '../picture-store';
import type { MeasuredState } from './shown';

/** What is known of a region: as long as nothing is, it is being worked on. */
export interface Found {
  region?: Region;
  /** With what it measures, or why it measures nothing. */
  item: Measurement;
  reason: string;
}

/** Where regions come from. */
export interface IsocontourMeans {
  /** The open sets. */
  sets(): readonly DisplaySet[];
  store: Pick<PictureStore, 'load'>;
  /** What the upper series of a fused pane is read in. */
  upperSuv(set: DisplaySet): SuvChoice | undefined;
}

const MOST_KEPT = 64;

export class Isocontours {
  readonly changed = new Signal();
  private readonly found = new Map<string, Found>();
  private readonly wanted = new Map<string, { key: string; item: Measurement }>();
  private readonly volumes = new WeakMap<DisplaySet, VolumeAnswer>();
  private busy = false;

  constructor(private readonly means: IsocontourMeans) {}

  /** The PET in a pane, below or above, and what it is read in; undefined where there is none. */
  source({ set, setting }: MeasuredState): { set: DisplaySet; suv: SuvChoice } | undefined {
    if (!set) return undefined;
    const { fusion } = set;
    if (fusion && isFunctional(fusion.overlay)) return { set: fusion.overlay, suv: this.means.upperSuv(set) ?? 'bw' };
    if (!isFunctional(set)) return undefined;
    const stored = set.plane ? this.setOf(set.pictures[0]?.instance.SOPInstanceUID ?? '') : set;
    return stored && { set: stored, suv: setting.suv ?? 'bw' };
  }

  /** Any image of a set: that of the maximum is named when it is found. */
  imageOf({ pictures }: DisplaySet): ImagePlace {
    return placeOf(pictures[Math.floor(pictures.length / 2)] as Picture);
  }

  /** What is known; begins to find it otherwise. */
  of(item: Measurement): Found | undefined {
    const set = item.image && this.setOf(item.image.SOPInstanceUID, item.image.frame);
    const key = [set?.id, set?.phase, keyOf(item)].join(' ');
    const known = this.found.get(key);
    if (!known) {
      this.wanted.set(item.id, { key, item });
      void this.work();
    }
    return known;
  }

  private setOf(SOPInstanceUID: string, frame?: number): DisplaySet | undefined {
    for (const set of this.means.sets()) {
      const at = findPicture(set, (picture) => picture.instance.SOPInstanceUID === SOPInstanceUID && (frame === undefined || picture.frame === frame));
      if (at) return at.set;
    }
    return undefined;
  }

  /** One after the other, of each only the newest. */
  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (let next = this.wanted.entries().next().value; next; next = this.wanted.entries().next().value) {
      const [id, { key, item }] = next;
      this.wanted.delete(id);
      const found = await this.find(item).catch((): Found => ({ item, reason: t('Slices of the region cannot be read') }));
      this.keep(key, found);
    }
    this.busy = false;
  }

  private keep(key: string, found: Found): void {
    this.found.set(key, found);
    const oldest = this.found.size > MOST_KEPT ? this.found.keys().next().value : undefined;
    if (oldest !== undefined) this.found.delete(oldest);
    this.changed.emit();
  }

  private async find(item: Measurement): Promise<Found> {
    const set = item.image && this.setOf(item.image.SOPInstanceUID, item.image.frame);
    const sphere = sphereOf(item);
    if (!set || !sphere || !item.isocontour) return { item, reason: t('Its series is not open') };
    const answer = this.volumes.get(set) ?? volumeOf(set);
    this.volumes.set(set, answer);
    if ('reason' in answer) return { item, reason: t('This series is no volume: {reason}', { reason: answer.reason }) };
    const { volume } = answer;
    const scale = scaleOf(volume.pictures[0] as Picture, item.isocontour.suv);
    if (item.isocontour.value !== undefined && !scale.suv) return { item, reason: t('SUV cannot be computed: {reason}', { reason: scale.reason }) };
    const box = await this.boxOf(set, volume, sphere, item.isocontour.suv);
    const region = box && grown(box, sphere, item.isocontour);
    if (!region) return { item, reason: t('Nothing in the sphere is above the threshold') };
    const image = placeOf(volume.pictures[region.hottest[2]] as Picture);
    return { region, item: { ...item, image, values: regionQuantities(region, scale.unit, scale.density), contours: contoursOf(region), source: '' }, reason: scale.reason && t('SUV cannot be computed: {reason}', { reason: scale.reason }) };
  }

  private async boxOf(set: DisplaySet, { geometry, pictures }: Volume, sphere: Sphere, suv: SuvChoice): Promise<VoxelBox | undefined> {
    const bounds = boxAround(geometry, sphere);
    if (!bounds) return undefined;
    const { first, size } = bounds;
    const slice = size[0] * size[1];
    const values = new Float32Array(slice * size[2]);
    await Promise.all(
      pictures.slice(first[2], first[2] + size[2]).map(async (picture, k) => {
        const { pixels, columns } = await this.means.store.load(set, picture, 'interaction');
        const { transform } = pictureInfo(picture);
        const factor = chosenSuv(transform.suv?.factors, suv)?.factor ?? 1;
        for (let at = 0; at < slice; at += 1) {
          const [column, row] = [first[0] + (at % size[0]), first[1] + Math.floor(at / size[0])];
          values[k * slice + at] = toModality(pixels[row * columns + column] as number, transform) * factor;
        }
      }),
    );
    return { geometry, first, size, values };
  }
}

/** What values are read in, and why not in SUV. */
function scaleOf(picture: Picture, choice: SuvChoice): { unit: string; suv: boolean; density: boolean; reason: string } {
  const { transform } = pictureInfo(picture);
  const suv = chosenSuv(transform.suv?.factors, choice);
  return { unit: suv?.label ?? transform.unit, suv: suv !== undefined, density: suv?.unit === 'g/ml', reason: suv ? '' : (transform.suv?.reason ?? '') };
}

function placeOf({ instance, frame }: Picture): ImagePlace {
  const { dataSet, SOPInstanceUID } = instance;
  return { StudyInstanceUID: text(dataSet, 'StudyInstanceUID'), SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'), SOPInstanceUID, frame, reformatted: false };
}

/** In one series, equal keys are equal regions. */
function keyOf(item: Measurement): string {
  const sphere = sphereOf(item);
  const { share, value, suv } = item.isocontour ?? {};
  return [...(sphere?.centre ?? []).map((x) => x.toFixed(2)), sphere?.radius.toFixed(2), share, value, suv].join(' ');
}
