// What takes the place of the archive's storing while local files are shown: nothing is sent, and it says so.

import { t } from '../core/language';
import type { Protocol } from '../core/hanging/protocol';
import { ServerError } from './dicomweb';
import { HangingClient } from './hanging-client';
import { DraftClient } from './study-drafts';

export const notStored = (): string => t('These are local files: nothing is stored in the archive. CSV, JSON and pictures can be saved.');

const refused = (): Promise<never> => Promise.reject(new ServerError(0, notStored()));

/** Keeps drafts in the memory of the page. */
export class LocalDraftClient<T> extends DraftClient<T> {
  private readonly kept = new Map<string, readonly T[]>();

  override read(study: string): Promise<{ version: string; drafts: T[] }> {
    return Promise.resolve({ version: 'local', drafts: [...(this.kept.get(study) ?? [])] });
  }

  override write(study: string, _version: string, drafts: readonly T[]): Promise<string> {
    this.kept.set(study, drafts);
    return Promise.resolve('local');
  }

  override store(): Promise<never> {
    return refused();
  }
}

/** Reads the user's protocols where the archive can be reached, writes none: they may hold words of the study. */
export class LocalHangingClient extends HangingClient {
  override read(): Promise<Protocol[]> {
    return super.read().catch(() => []);
  }

  override write(): Promise<never> {
    return refused();
  }

  override remove(): Promise<never> {
    return refused();
  }
}

export const refuseLocal = refused;
