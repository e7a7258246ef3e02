// What the user wants in pictures that leave the viewer. Nobody's name, unless asked for.

import { Signal } from '../../core/lifecycle';

export interface ExportState {
  /** Corner text, with who it is. */
  text: boolean;
  /** All of the image at its own size instead of the pane as it is on screen. */
  ownSize: boolean;
  /** Of JPEG pictures, to 1. */
  quality: number;
}

export class ExportChoices {
  readonly changed = new Signal();
  private current: ExportState = { text: false, ownSize: false, quality: 0.9 };

  readonly state = (): ExportState => this.current;

  setQuality(quality: number): void {
    this.current = { ...this.current, quality };
    this.changed.emit();
  }

  toggle(name: 'text' | 'ownSize'): void {
    this.current = { ...this.current, [name]: !this.current[name] };
    this.changed.emit();
  }
}
