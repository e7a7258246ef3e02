// Binds the command table to what the viewer page does, and keys to commands.

import { useEffect, useMemo } from 'react';
import { commandForKey, type Actions, type CommandName } from '../../core/commands';
import { nextDetail, type Detail } from '../../core/corner-text';
import { DEFAULT_CHOICE, FULL_RANGE } from '../../core/display';
import type { Tool } from '../../core/gesture';
import type { StackController } from '../../viewport/stack-controller';

export interface PageState {
  tool: Tool;
  detail: Detail;
  panel: 'tags' | 'keys' | undefined;
  drawer: boolean;
  /** Overlay planes and shutter are drawn. */
  planes: boolean;
}

export interface PageActions {
  change(change: (state: PageState) => Partial<PageState>): void;
  series(by: 1 | -1): void;
  list(): void;
  full(): void;
}

const PRESETS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

export function actionsOf(controller: StackController, page: PageActions): Actions {
  const tool = (name: Tool) => (): void => page.change(() => ({ tool: name }));
  const presets: Actions = {};
  for (const place of PRESETS) presets[`window.preset${place + 1}` as CommandName] = () => controller.choosePreset(place);
  const last = (): number => (controller.state().set?.pictures.length ?? 1) - 1;
  return {
    ...presets,
    'tool.window': tool('window'),
    'tool.scroll': tool('scroll'),
    'tool.zoom': tool('zoom'),
    'tool.pan': tool('pan'),
    'image.next': () => controller.step(1),
    'image.previous': () => controller.step(-1),
    'image.forward': () => controller.step(10),
    'image.back': () => controller.step(-10),
    'image.first': () => controller.goTo(0),
    'image.last': () => controller.goTo(last()),
    'series.next': () => page.series(1),
    'series.previous': () => page.series(-1),
    'cine.toggle': () => controller.togglePlay(),
    'cine.slower': () => controller.changeRate(-1),
    'cine.faster': () => controller.changeRate(1),
    'window.default': () => controller.chooseWindow(DEFAULT_CHOICE),
    'window.full': () => controller.chooseWindow(FULL_RANGE),
    'window.invert': () => controller.invert(),
    'view.in': () => controller.zoom(1.25),
    'view.out': () => controller.zoom(0.8),
    'view.fit': () => controller.fit(),
    'view.actual': () => controller.actualSize(),
    'view.rotateRight': () => controller.rotate(1),
    'view.rotateLeft': () => controller.rotate(-1),
    'view.flipHorizontal': () => controller.flip('horizontal'),
    'view.flipVertical': () => controller.flip('vertical'),
    'view.smooth': () => controller.setSmooth(!controller.state().smooth),
    'view.planes': () => page.change((state) => ({ planes: !state.planes })),
    'view.reset': () => controller.reset(),
    'panel.text': () => page.change((state) => ({ detail: nextDetail(state.detail) })),
    'panel.series': () => page.change((state) => ({ drawer: !state.drawer })),
    'panel.tags': () => page.change((state) => ({ panel: state.panel === 'tags' ? undefined : 'tags' })),
    'panel.keys': () => page.change((state) => ({ panel: state.panel === 'keys' ? undefined : 'keys' })),
    'panel.full': () => page.full(),
    'study.list': () => page.list(),
  };
}

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

/** Runs commands by name, and by key while no dialog is open. `page` must stay the same object while nothing changes. */
export function useCommands(controller: StackController, page: PageActions): (name: CommandName) => void {
  const run = useMemo(() => {
    const actions = actionsOf(controller, page);
    return (name: CommandName): void => actions[name]?.();
  }, [controller, page]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event.target)) return;
      const name = commandForKey(event);
      if (!name) return;
      event.preventDefault();
      if (event.target instanceof HTMLElement) event.target.blur();
      run(name);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [run]);
  return run;
}
