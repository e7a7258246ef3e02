// Memory that is no longer used is given back at once: a collector that sees little waste waits long with what lies outside its heap.

let gone: MessagePort | undefined;

/** Empties a buffer that nobody reads any more: it goes to where nobody is. `transfer()` of the language would leave its bytes with the browser. */
export function release(buffer: ArrayBuffer): void {
  if (!gone) {
    gone = new MessageChannel().port1;
    gone.close();
  }
  gone.postMessage(undefined, [buffer]);
}
