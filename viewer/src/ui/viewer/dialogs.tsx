// The dialogs of an open study, one at a time; those that are seldom needed are fetched when they are.

import { lazy, Suspense, type JSX } from 'react';
import type { CommandName } from '../../core/commands';
import type { Instance } from '../../core/stack';
import { settings } from '../settings';
import { KeySheet } from './key-sheet';
import { TagBrowser } from './tag-browser';
import type { PageState } from './use-commands';
import type { ViewerEngine } from './viewer-engine';
import { useStateOf } from './use-signal';
import { patient } from '../../net/patient';

const CommandSearch = lazy(patient(() => import('./command-search').then((module) => ({ default: module.CommandSearch }))));
const SettingsDialog = lazy(patient(() => import('./settings-dialog').then((module) => ({ default: module.SettingsDialog }))));
const SurfaceDialog = lazy(patient(() => import('./surface-dialog').then((module) => ({ default: module.SurfaceDialog }))));

interface Props {
  engine: ViewerEngine;
  panel: PageState['panel'];
  /** What the tag browser shows. */
  instance: Instance | undefined;
  run(name: CommandName): void;
  /** Tells the user something later. */
  say(note: string): void;
  onClose(): void;
}

export function Dialogs({ engine, panel, instance, run, say, onClose }: Props): JSX.Element | null {
  useStateOf(settings);
  if (panel === 'keys') return <KeySheet onClose={onClose} />;
  if (panel === 'tags') return instance ? <TagBrowser instance={instance} onClose={onClose} /> : null;
  return (
    <Suspense fallback={null}>
      {panel === 'commands' ? <CommandSearch run={run} onClose={onClose} /> : null}
      {panel === 'settings' ? <SettingsDialog run={run} onClose={onClose} /> : null}
      {panel === 'surface' ? <SurfaceDialog engine={engine} say={say} onClose={onClose} /> : null}
    </Suspense>
  );
}
