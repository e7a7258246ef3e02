// What would be lost if the page were loaded anew now: whoever holds something of the kind says so here, and writes it when asked.

/** Writes what can be written; returns what is then still not saved, for the user, "" where nothing is. */
type Holder = () => string | Promise<string>;

export class Unsaved {
  private readonly holders = new Set<Holder>();

  /** Returns the function that takes it out again. */
  add(holder: Holder): () => void {
    this.holders.add(holder);
    return () => this.holders.delete(holder);
  }

  /** Has everybody write; returns what is still not saved. */
  async flush(): Promise<string[]> {
    const said: string[] = [];
    for (const holder of this.holders) said.push(await holder());
    return said.filter(Boolean);
  }
}

/** The one of this page. */
export const unsaved = new Unsaved();
