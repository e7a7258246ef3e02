// What goes wrong in the decoding worker, which does not know the language: the pool that hears of it translates the text.

export type Told = Readonly<Record<string, string | number>>;

export class DecodeProblem extends Error {
  /** `text` is a key of the languages, with placeholders for `values`. */
  constructor(
    text: string,
    readonly values: Told = {},
  ) {
    super(text);
  }
}
