// Mouse and touch on a volume in three dimensions: left or one finger turns, middle pans, right and wheel zoom, two fingers
// both; Shift and the wheel go through time. While the scissors are chosen the left button or one finger draws.

import { Owner } from '../../core/lifecycle';
import type { Volume3dSession } from '../../viewport/volume3d/session';

interface Contact {
  x: number;
  y: number;
}

type Meaning = 'turn' | 'pan' | 'zoom' | 'cut';
const BUTTONS: readonly Meaning[] = ['turn', 'pan', 'zoom'];
/** Dragging over the height of the pane zooms by this. */
const ZOOM = 4;

export class VolumeGestures {
  private readonly owner = new Owner();
  private readonly contacts = new Map<number, Contact>();
  private meaning: Meaning = 'turn';

  constructor(
    private readonly element: HTMLElement,
    private readonly session: Volume3dSession,
    /** Goes through time, by Shift and the wheel. */
    private readonly stepTime: (by: 1 | -1) => void,
  ) {
    this.on('pointerdown', this.down);
    this.on('pointermove', this.move);
    this.on('pointerup', this.up);
    this.on('pointercancel', this.up);
    this.on('wheel', this.wheel, { passive: false });
    this.on('contextmenu', (event) => event.preventDefault());
  }

  dispose(): void {
    this.owner.dispose();
  }

  private on<K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void, options?: AddEventListenerOptions): void {
    this.element.addEventListener(type, listener, options);
    this.owner.own(() => this.element.removeEventListener(type, listener, options));
  }

  private readonly down = (event: PointerEvent): void => {
    this.element.setPointerCapture(event.pointerId);
    this.contacts.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.meaning = event.ctrlKey || event.metaKey ? 'zoom' : event.shiftKey ? 'pan' : (BUTTONS[event.button] ?? 'turn');
    if (this.meaning === 'turn' && this.session.state().scissors) this.meaning = 'cut';
    if (this.meaning === 'cut') this.session.draw(this.contacts.size > 1 ? [] : [this.at(event)]);
  };

  private readonly move = (event: PointerEvent): void => {
    const before = this.contacts.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.contacts].find(([id]) => id !== event.pointerId)?.[1];
    this.contacts.set(event.pointerId, now);
    const height = Math.max(1, this.element.clientHeight);
    const [across, down] = [(now.x - before.x) / height, (now.y - before.y) / height];
    if (other) {
      const distance = (a: Contact): number => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
      this.session.zoom(distance(now) / distance(before));
      this.session.pan(across / 2, down / 2);
    } else if (this.meaning === 'cut') this.session.draw([...this.session.state().outline, this.at(event)]);
    else if (this.meaning === 'turn') this.session.turn(across, down);
    else if (this.meaning === 'pan') this.session.pan(across, down);
    else this.session.zoom(ZOOM ** -down);
  };

  private readonly up = (event: PointerEvent): void => {
    this.contacts.delete(event.pointerId);
    if (this.meaning !== 'cut' || this.contacts.size > 0) return;
    if (event.type === 'pointercancel') this.session.draw([]);
    else this.session.cut(this.element.clientWidth / Math.max(1, this.element.clientHeight));
  };

  private at({ clientX, clientY }: PointerEvent): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [(clientX - box.left) / Math.max(1, box.width), (clientY - box.top) / Math.max(1, box.height)];
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const delta = event.deltaY || event.deltaX;
    if (event.shiftKey && this.session.source.phases && delta !== 0) this.stepTime(delta > 0 ? 1 : -1);
    else this.session.zoom(1.0015 ** -delta);
  };
}
