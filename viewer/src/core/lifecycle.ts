// Ownership of what must be let go again: listeners, timers, textures.

export interface Disposable {
  dispose(): void;
}

export class Owner implements Disposable {
  private owned: (() => void)[] = [];
  private gone = false;

  get disposed(): boolean {
    return this.gone;
  }

  own(release: () => void): void {
    if (this.gone) release();
    else this.owned.push(release);
  }

  dispose(): void {
    this.gone = true;
    const owned = this.owned.reverse();
    this.owned = [];
    owned.forEach((release) => release());
  }
}

/** A list of listeners; `listen` returns the function that ends it. */
export class Signal {
  private readonly listeners = new Set<() => void>();

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  emit(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
