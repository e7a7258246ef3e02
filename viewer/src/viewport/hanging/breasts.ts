// Keeps mammograms of a stage at one scale with their chest walls inwards, until somebody moves one of them.

import { breastPose, breastView, commonScale, type Mammogram } from '../../core/hanging/breast';
import type { Candidate } from '../../core/hanging/features';
import { Owner } from '../../core/lifecycle';
import { pictureInfo } from '../../core/picture-info';
import { FIT, type View } from '../../core/view';
import type { StackController } from '../stack-controller';

interface Hung {
  controller: StackController;
  candidate: Candidate;
}

const isBreast = ({ candidate: { features } }: Hung): boolean => features.modality === 'MG' && features.side !== undefined;

/** Views of mammograms; `quietly` runs what must not lead linked panes. */
export class Breasts {
  private readonly owner = new Owner();
  private readonly hung: readonly Hung[];
  private readonly placed = new Map<StackController, View>();
  private busy = false;

  constructor(
    all: readonly Hung[],
    private readonly quietly: (work: () => void) => void,
  ) {
    this.hung = all.filter(isBreast);
    for (const { controller } of this.hung) this.owner.own(controller.changed.listen(() => this.follow()));
    this.follow();
  }

  dispose(): void {
    this.owner.dispose();
  }

  private follow(): void {
    if (this.busy) return;
    const states = this.hung.map(({ controller }) => controller.state());
    if (this.hung.some(({ controller, candidate }) => controller.state().set?.id !== candidate.set.id || (this.placed.has(controller) && controller.state().view !== this.placed.get(controller)))) {
      this.dispose();
      return;
    }
    if (states.some(({ bitmap, status, pane }) => (status === 'loading' && !bitmap?.reduced) || (!bitmap && status !== 'failed') || pane.width < 2)) return;
    this.busy = true;
    this.quietly(() => this.place());
    this.busy = false;
  }

  private place(): void {
    const known = this.hung.flatMap((one) => {
      const mammogram = this.mammogram(one);
      return mammogram ? [{ ...one, mammogram }] : [];
    });
    const scale = commonScale(known.map(({ mammogram }) => mammogram));
    for (const { controller, mammogram } of known) {
      const view = breastView(mammogram, scale);
      const now = controller.state().view;
      if ((Object.keys(view) as (keyof View)[]).some((key) => Math.abs(Number(view[key]) - Number(now[key])) > 1e-6)) controller.setView(view);
      this.placed.set(controller, controller.state().view);
    }
  }

  /** Undefined where the picture does not say how it lies or how large it is. */
  private mammogram({ controller, candidate: { picture, features } }: Hung): Mammogram | undefined {
    const { bitmap, pane } = controller.state();
    const { PatientOrientation, spacing } = pictureInfo(picture);
    if (!bitmap || !features.side) return undefined;
    const pose = breastPose(features.side, features.view ?? '', PatientOrientation) ?? FIT;
    const unit = spacing ? spacing.column / bitmap.pixelWidth : 1;
    return { shape: bitmap, pane, side: features.side, unit, pose: { turns: pose.turns, mirrored: pose.mirrored } };
  }
}
