// Files of this computer that are open in the page: dropped or chosen, read in the browser, shown by the same viewer. What
// reads them is fetched when it is first wanted. Nothing of them is sent anywhere.

import type { KeyImage } from '../core/key-images';
import { text } from '../core/dicom-json';
import { Signal } from '../core/lifecycle';
import type { Draft } from '../core/measure/draft';
import { fromList } from '../local/gather';
import type { LocalClient } from '../local/local-client';
import type { LocalState, LocalStudies, NamedFile } from '../local/local-studies';
import { LocalDraftClient } from '../net/local-only';
import { navigate } from './place';

const NOTHING: LocalState = { studies: [], problems: [], waiting: 0, objects: 0 };

export class LocalFiles {
  readonly changed = new Signal();
  readonly measurements = new LocalDraftClient<Draft>('measurements');
  readonly keyImages = new LocalDraftClient<KeyImage>('key-images');
  /** Files were open before the page was loaded anew. */
  lost = false;
  private nothing = NOTHING;
  private open: { studies: LocalStudies; client: LocalClient } | undefined;

  readonly state = (): LocalState => this.open?.studies.state() ?? this.nothing;

  get client(): LocalClient | undefined {
    return this.open?.client;
  }

  /** Reads files; a study that is the only one is shown at once. */
  async add(files: Promise<NamedFile[]>): Promise<void> {
    const found = await files;
    const { studies } = await this.want();
    await studies.add(found);
    const [only, ...others] = this.state().studies;
    if (only && others.length === 0) showLocal(text(only, 'StudyInstanceUID'));
  }

  /** Lets the user choose files, or a folder. */
  pick(folder: boolean): void {
    const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, webkitdirectory: folder });
    input.addEventListener('change', () => void this.add(Promise.resolve(fromList(input.files ?? []))));
    input.click();
  }

  close(): void {
    this.open = undefined;
    this.lost = false;
    this.nothing = { ...NOTHING };
    this.changed.emit();
  }

  /** The address named local files, but none are open. */
  forget(): void {
    this.lost = true;
    this.nothing = { ...NOTHING };
    this.changed.emit();
  }

  private async want(): Promise<{ studies: LocalStudies }> {
    if (this.open) return this.open;
    const [{ LocalStudies: Studies }, { LocalClient: Client }] = await Promise.all([import('../local/local-studies'), import('../local/local-client')]);
    const studies = new Studies();
    studies.changed.listen(() => this.changed.emit());
    this.lost = false;
    this.open = { studies, client: new Client(studies) };
    return this.open;
  }
}

export const showLocal = (study: string): void => navigate({ page: 'viewer', studies: [study], series: '', instance: '', local: true });
