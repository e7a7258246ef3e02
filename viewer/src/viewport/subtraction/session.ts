// Subtraction in the panes of the open viewer: begun and ended, the mask chosen and moved. One mask a series, in whichever panes show it.

import { DEFAULT_CHOICE, type GreySetting } from '../../core/display';
import { t } from '../../core/language';
import { difference, maskedBy, maskOf, masksOf, reasonAgainstSubtraction, subtracted, subtractionOfFile, type Subtraction } from '../../core/subtraction';
import type { DisplaySet } from '../../core/stack';
import { percentiles } from '../../core/window';
import type { PictureSources } from '../picture-sources';
import type { PictureStore } from '../picture-store';
import type { StackController } from '../stack-controller';
import type { Workspace } from '../workspace';
import { Differences } from './differences';

/** Windows are not narrower than this, in stored values: below it there is only noise. */
const LEAST_WIDTH = 8;

export class SubtractionSession {
  private readonly differences: Differences;
  private readonly chosen = new Map<string, { by: Subtraction; width: number }>();
  private readonly before = new WeakMap<StackController, GreySetting>();

  constructor(
    private readonly workspace: Workspace,
    private readonly frames: PictureStore,
    sources: PictureSources,
  ) {
    this.differences = new Differences(frames);
    sources.useDifferences(this.differences);
  }

  /** Begins or ends in a pane; returns why it cannot begin, else "". The mask is the one used last, the file's, or the first frame. */
  async toggle(pane: StackController): Promise<string> {
    const { set } = pane.state();
    if (set?.subtraction) {
      this.end(pane, set.subtraction.base);
      return '';
    }
    const reason = reasonAgainstSubtraction(set);
    const first = set?.pictures[0]?.instance;
    if (reason || !set || !first) return reason;
    return this.begin(pane, set, this.chosen.get(set.id)?.by ?? subtractionOfFile(first.dataSet, set.pictures.length) ?? maskedBy(first.dataSet, 1));
  }

  /** The frame on screen is the mask from now on; subtraction begins where it was off. */
  async maskHere(pane: StackController): Promise<string> {
    const { set, shown } = pane.state();
    const picture = set?.pictures[shown];
    const reason = set?.subtraction ? '' : reasonAgainstSubtraction(set);
    if (reason || !set || !picture) return reason || t('There is no picture in this pane');
    const by = maskedBy(picture.instance.dataSet, picture.frame);
    if (!set.subtraction) return this.begin(pane, set, by);
    this.change(set, { ...by, shift: set.subtraction.by.shift });
    return '';
  }

  /** Moves the mask by pixels of the picture; false where nothing is subtracted. */
  nudge(pane: StackController, dx: number, dy: number): boolean {
    const { set } = pane.state();
    if (!set?.subtraction) return false;
    const { by } = set.subtraction;
    this.change(set, { ...by, shift: [by.shift[0] + dx, by.shift[1] + dy] });
    return true;
  }

  /** Back to where the mask was: as the file says for its own, else not moved. */
  reset(pane: StackController): void {
    const { set } = pane.state();
    if (set?.subtraction) this.change(set, { ...set.subtraction.by, shift: [0, 0] });
  }

  private async begin(pane: StackController, base: DisplaySet, by: Subtraction): Promise<string> {
    pane.pause();
    const width = this.chosen.get(base.id)?.width ?? (await this.widthFor(base, by, pane.state().shown).catch(() => 0));
    if (width === 0) return t('The mask cannot be read');
    if (pane.state().set !== base) return '';
    this.chosen.set(base.id, { by, width });
    this.before.set(pane, pane.state().setting);
    const set = subtracted(base, by, width);
    this.differences.use(set);
    pane.exchange(set, { choice: DEFAULT_CHOICE, inverted: false });
    return '';
  }

  private end(pane: StackController, base: DisplaySet): void {
    pane.exchange(base, this.before.get(pane));
  }

  /** The width around 0 that holds nearly all differences of the frame on screen, or of one in the middle where that is the mask itself. */
  private async widthFor(base: DisplaySet, by: Subtraction, shown: number): Promise<number> {
    const candidates = [shown, Math.floor(base.pictures.length / 2), base.pictures.length - 1];
    const of = (index: number): readonly number[] | undefined => masksOf(by, base.pictures[index]?.frame ?? 0);
    const at = candidates.find((index) => of(index) && !of(index)?.includes(base.pictures[index]?.frame ?? 0)) ?? shown;
    const masks = base.pictures.filter(({ frame }) => of(at)?.includes(frame));
    const picture = base.pictures[at];
    if (!picture || masks.length === 0) return 2 ** 8;
    const [frame, ...planes] = await Promise.all([picture, ...masks].map((one) => this.frames.load(base, one, 'interaction')));
    if (!frame || frame.samples === 3) return 0;
    const [low, high] = percentiles(difference(frame, maskOf(planes, by), by.top), 0.002, 0.998, 50_000);
    return Math.max(LEAST_WIDTH, Math.round(2 * Math.max(-low, high)));
  }

  /** Another mask or place of it, in every pane that shows this series subtracted. */
  private change(set: DisplaySet, by: Subtraction): void {
    const { base } = set.subtraction ?? {};
    const width = base && this.chosen.get(base.id)?.width;
    if (!base || !width) return;
    this.chosen.set(base.id, { by, width });
    const next = subtracted(base, by, width);
    this.differences.use(next);
    for (const { controller } of this.workspace.state().cells) if (controller.state().set?.id === next.id) controller.exchange(next);
  }
}
