// How fast bodies come from the archive, of all that this page fetches, as the browser has timed them (Resource Timing).

const KEY = 'isocenter.link';
/** Bytes of a body below which its time says nothing. */
const SHORTEST = 2 ** 16;
/** Bytes of the latest bodies that are looked at. */
const LATEST = 2 ** 21;

export interface Timed {
  /** ms at which its first and its last byte came. */
  responseStart: number;
  responseEnd: number;
  encodedBodySize: number;
  /** 0 for what came out of the browser's cache. */
  transferSize: number;
}

/** Bytes in a ms while any of the latest bodies was on its way; they share the link. Undefined where there was none. */
export function rateOf(bodies: readonly Timed[]): number | undefined {
  let [bytes, time, until] = [0, 0, -Infinity];
  for (const { responseStart, responseEnd, encodedBodySize } of [...bodies].sort((one, other) => one.responseStart - other.responseStart)) {
    bytes += encodedBodySize;
    time += Math.max(0, responseEnd - Math.max(responseStart, until));
    until = Math.max(until, responseEnd);
  }
  return bytes > 0 ? bytes / Math.max(time, 0.1) : undefined;
}

export class LinkRate {
  private latest: Timed[] = [];

  /** `known` is what an earlier page measured, `keep` takes what the next is to know. */
  constructor(
    private known?: number,
    private readonly keep: (rate: number) => void = () => undefined,
  ) {}

  readonly note = (bodies: readonly Timed[]): void => {
    const counted = bodies.filter(({ encodedBodySize, transferSize, responseStart }) => encodedBodySize >= SHORTEST && transferSize > 0 && responseStart > 0);
    if (counted.length === 0) return;
    this.latest.push(...counted);
    let bytes = this.latest.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    while (bytes - (this.latest[0]?.encodedBodySize ?? 0) >= LATEST) bytes -= this.latest.shift()?.encodedBodySize ?? 0;
    this.known = rateOf(this.latest);
    if (this.known) this.keep(this.known);
  };

  /** Bytes in a ms; undefined where nothing has been measured. */
  readonly rate = (): number | undefined => this.known;

  /** Listens to the browser; what is returned ends it. */
  watch(): () => void {
    const observer = new PerformanceObserver((list) => this.note(list.getEntries() as PerformanceResourceTiming[]));
    observer.observe({ type: 'resource', buffered: true });
    return () => observer.disconnect();
  }
}

function remembered(): number | undefined {
  try {
    return Number(localStorage.getItem(KEY)) || undefined;
  } catch {
    return undefined;
  }
}

function remember(rate: number): void {
  try {
    localStorage.setItem(KEY, rate.toPrecision(3));
  } catch {
    // Then the next page measures anew.
  }
}

/** Begins with what was measured last. */
export const linkRate = (): LinkRate => new LinkRate(remembered(), remember);
