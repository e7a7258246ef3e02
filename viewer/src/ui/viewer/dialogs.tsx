// The dialogs of an open study, one at a time; those that are seldom needed are fetched when they are.

import { lazy, Suspense, type JSX } from 'react';
import type { CommandName } from '../../core/commands';
import type { Instance } from '../../core/stack';
import { settings } from '../settings';
import { KeySheet } from './key-sheet';
import { TagBrowser } from './tag-browser';
import type { PageState } from './use-commands';
import { useStateOf } from './use-signal';
import { patient } from '../../net/patient';

const CommandSearch = lazy(patient(() => import('./command-search').then((module) => ({ default: module.CommandSearch }))));
const SettingsDialog = lazy(patient(() => import('./settings-dialog').then((module) => ({ default: module.SettingsDialog }))));

interface Props {
  panel: PageState['panel'];
  /** What the tag browser shows. */
  instance: Instance | undefined;
  run(name: CommandName): void;
  onClose(): void;
}

export function Dialogs({ panel, instance, run, onClose }: Props): JSX.Element | null {
  useStateOf(settings);
  if (panel === 'keys') return <KeySheet onClose={onClose} />;
  if (panel === 'tags') return instance ? <TagBrowser instance={instance} onClose={onClose} /> : null;
  if (panel !== 'commands' && panel !== 'settings') return null;
  return <Suspense fallback={null}>{panel === 'commands' ? <CommandSearch run={run} onClose={onClose} /> : <SettingsDialog onClose={onClose} />}</Suspense>;
}
