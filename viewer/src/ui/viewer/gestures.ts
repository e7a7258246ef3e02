// Turns pointer, wheel and touch events on a pane into actions of its controller. Captures the pointer while dragging.

import { dragTurn, dragZoom, isDrag, mouseDrag, pixelsPerImage, wheelSteps, type DragMeaning, type Tool } from '../../core/gesture';
import { Owner } from '../../core/lifecycle';
import type { Point } from '../../core/view';
import type { Drag } from '../../viewport/measure/session';
import type { StackController } from '../../viewport/stack-controller';
import { settings } from '../settings';

export interface GestureHost {
  tool(): Tool;
  /** The pane was touched in any way. */
  activate(): void;
  /** What a press puts on the picture or moves on it, if anything; `reach` is how far it may miss, in CSS pixels. */
  grab(at: Point, reach: number): Drag | undefined;
  /** A drag that windows; false where it is for the pane's own picture. `other`: with Alt. */
  dragWindow(dx: number, dy: number, other: boolean): boolean;
  hover(at: Point): void;
  /** Goes through time by Shift and the wheel; false where there is none. */
  stepTime(by: number): boolean;
  cursorAt(point: Point | undefined): void;
  /** A double click, or two taps. */
  twice(at: Point): void;
  menu(at: Point): void;
}

const LONG_PRESS = 700;
const MOVED = 4;
/** How far a press may miss what it is meant for, in CSS pixels. */
export const REACH = { touch: 22, mouse: 9 };

interface Contact {
  x: number;
  y: number;
}

export class Gestures {
  private readonly owner = new Owner();
  private readonly contacts = new Map<number, Contact>();
  private meaning: DragMeaning | undefined;
  private grabbed: Drag | undefined;
  private start: Contact = { x: 0, y: 0 };
  private moved = false;
  private other = false;
  private scrollRest = 0;
  private wheelRest = 0;
  private lastTap = { at: 0, x: 0, y: 0 };
  private press: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly controller: StackController,
    private readonly host: GestureHost,
  ) {
    this.on('pointerdown', this.down);
    this.on('pointermove', this.move);
    this.on('pointerup', this.up);
    this.on('pointercancel', this.up);
    this.on('pointerleave', () => this.host.cursorAt(undefined));
    this.on('wheel', this.wheel, { passive: false });
    // Else the browser makes mouse events of a touch: they take the focus from what it opened, and a double click is told twice.
    this.on('touchend', (event) => event.cancelable && event.preventDefault(), { passive: false });
    this.on('contextmenu', (event) => event.preventDefault());
    this.on('dblclick', (event) => this.host.twice(this.at(event)));
    this.owner.own(() => clearTimeout(this.press));
  }

  dispose(): void {
    this.owner.dispose();
  }

  private on<K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void, options?: AddEventListenerOptions): void {
    this.element.addEventListener(type, listener, options);
    this.owner.own(() => this.element.removeEventListener(type, listener, options));
  }

  private at(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly down = (event: PointerEvent): void => {
    this.element.setPointerCapture(event.pointerId);
    this.contacts.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.start = { x: event.clientX, y: event.clientY };
    this.moved = false;
    this.other = event.altKey;
    this.scrollRest = 0;
    this.host.activate();
    const touch = event.pointerType === 'touch';
    if (touch && document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const plain = this.contacts.size === 1 && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    this.grabbed = plain ? this.host.grab(this.at(event), touch ? REACH.touch : REACH.mouse) : undefined;
    if (touch) {
      const tool = this.host.tool();
      this.meaning = isDrag(tool) ? tool : undefined;
      clearTimeout(this.press);
      if (this.contacts.size === 1) this.press = setTimeout(() => this.longPress(this.at(event)), LONG_PRESS);
      return;
    }
    this.meaning = mouseDrag(event.button, this.host.tool(), event.ctrlKey || event.metaKey, event.shiftKey, settings.state().pointer.mouse);
    if (event.button === 1) event.preventDefault();
  };

  private longPress(at: Point): void {
    if (this.moved || this.contacts.size !== 1) return;
    this.contacts.clear();
    this.meaning = undefined;
    this.grabbed = undefined;
    this.host.menu(at);
  }

  private readonly move = (event: PointerEvent): void => {
    const before = this.contacts.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') {
        this.host.cursorAt(this.at(event));
        this.host.hover(this.at(event));
      }
      return;
    }
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
    if (!this.moved && Math.hypot(event.clientX - this.start.x, event.clientY - this.start.y) < MOVED) return;
    this.moved = true;
    clearTimeout(this.press);
    if (this.grabbed) this.grabbed.move(this.at(event));
    else if (this.contacts.size === 2) this.pinch(event, before);
    else if (this.contacts.size >= 3) this.window(dx / this.contacts.size, dy / this.contacts.size);
    else if (this.meaning) this.drag(this.meaning, before, dx, dy);
    this.contacts.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (event.pointerType !== 'touch') this.host.cursorAt(this.at(event));
  };

  private drag(meaning: DragMeaning, from: Contact, dx: number, dy: number): void {
    const { set, pane } = this.controller.state();
    const box = this.element.getBoundingClientRect();
    switch (meaning) {
      case 'window':
        this.window(dx, dy);
        break;
      case 'pan':
        this.controller.pan(dx, dy);
        break;
      case 'zoom':
        this.controller.zoom(dragZoom(dy), [this.start.x - box.left, this.start.y - box.top]);
        break;
      case 'rotate':
        this.controller.turn(dragTurn([from.x, from.y], [from.x + dx, from.y + dy], [box.left + box.width / 2, box.top + box.height / 2]));
        break;
      case 'scroll': {
        this.scrollRest += dy / pixelsPerImage(pane.height, set?.pictures.length ?? 1);
        const whole = Math.trunc(this.scrollRest);
        this.scrollRest -= whole;
        if (whole !== 0) this.controller.step(whole);
        break;
      }
    }
  }

  private window(dx: number, dy: number): void {
    const down = settings.state().pointer.levelInverted ? -dy : dy;
    if (!this.host.dragWindow(dx, down, this.other)) this.controller.dragWindow(dx, down);
  }

  private pinch(event: PointerEvent, before: Contact): void {
    const other = [...this.contacts].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const spread = (p: Contact): number => Math.max(10, Math.hypot(p.x - other.x, p.y - other.y));
    const now = { x: event.clientX, y: event.clientY };
    const box = this.element.getBoundingClientRect();
    const middle: Point = [(now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top];
    this.controller.zoom(spread(now) / spread(before), middle);
    this.controller.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  private readonly up = (event: PointerEvent): void => {
    clearTimeout(this.press);
    if (!this.contacts.delete(event.pointerId)) return;
    if (this.grabbed) {
      this.grabbed.end(this.at(event), this.moved);
      this.grabbed = undefined;
      if (!this.moved && event.type === 'pointerup') this.tap(event);
      return;
    }
    if (!this.moved && event.type === 'pointerup') this.click(event);
    if (this.contacts.size === 0) this.meaning = undefined;
  };

  private click(event: PointerEvent): void {
    if (event.button === 2) this.host.menu(this.at(event));
    this.tap(event);
  }

  /** The second of two taps is a double click, also on what can be taken hold of. */
  private tap(event: PointerEvent): void {
    if (event.pointerType !== 'touch') return;
    const near = Math.hypot(event.clientX - this.lastTap.x, event.clientY - this.lastTap.y) < 48;
    if (near && event.timeStamp - this.lastTap.at < 300) this.host.twice(this.at(event));
    this.lastTap = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    this.host.cursorAt(this.at(event));
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      this.controller.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0025 : 0.1)), this.at(event));
      return;
    }
    const delta = event.deltaY === 0 ? event.deltaX : event.deltaY;
    const timed = event.shiftKey && this.host.stepTime(0);
    this.wheelRest += wheelSteps(delta, event.deltaMode, event.shiftKey && !timed);
    const whole = Math.trunc(this.wheelRest);
    this.wheelRest -= whole;
    if (whole !== 0 && !(timed && this.host.stepTime(whole))) this.controller.step(settings.state().pointer.wheelInverted ? -whole : whole);
    this.host.cursorAt(this.at(event));
  };
}
