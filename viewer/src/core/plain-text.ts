// Texts from files are anybody's: what steers a terminal or turns the direction of writing around is not shown. Pure.

/** Controls but tabs and line ends, and what embeds, overrides, isolates or marks a direction (Unicode TR 9). */
const STEERING = /(?![\t\n\f\r])[\p{Cc}\p{Bidi_Control}]/gu;

export const plain = (value: string): string => value.replace(STEERING, '');

/** The same made visible, for where one looks for what a file really holds. */
export const revealed = (value: string): string => value.replace(STEERING, (one) => `⟨U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
