// Undo and redo over values that never change in place. Pure.

export class History<T> {
  private past: T[] = [];
  private future: T[] = [];

  constructor(
    private value: T,
    private readonly most = 200,
  ) {}

  get now(): T {
    return this.value;
  }

  /** Takes a new value; what was undone before can no longer be redone. */
  push(value: T): void {
    this.past = [...this.past, this.value].slice(-this.most);
    this.future = [];
    this.value = value;
  }

  /** Changes what is now and every step before and after it alike, as when somebody else has changed something. */
  rewrite(change: (value: T) => T): void {
    this.past = this.past.map(change);
    this.future = this.future.map(change);
    this.value = change(this.value);
  }

  /** Goes one step back; false at the beginning. */
  undo(): boolean {
    const before = this.past.pop();
    if (before === undefined) return false;
    this.future.push(this.value);
    this.value = before;
    return true;
  }

  redo(): boolean {
    const after = this.future.pop();
    if (after === undefined) return false;
    this.past.push(this.value);
    this.value = after;
    return true;
  }
}
