// When an answer that has not come yet is called late.

/** ms that one waits without a word. */
export const LATE = 8000;

/** Says once that it is late; what is returned ends the waiting. */
export function whenLate(say: () => void): () => void {
  const timer = setTimeout(say, LATE);
  return () => clearTimeout(timer);
}
