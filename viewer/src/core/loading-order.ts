// Which pictures of a stack to load next: outward from the one on screen, a little further in the direction of travel.

/** Indices 0..count-1 from `current` outward; of a pair the one in the direction of travel first. */
export function loadingOrder(current: number, count: number, direction: 1 | -1 = 1): number[] {
  const order: number[] = [];
  if (current >= 0 && current < count) order.push(current);
  for (let distance = 1; distance < count; distance += 1) {
    for (const index of [current + distance * direction, current - distance * direction]) {
      if (index >= 0 && index < count) order.push(index);
    }
  }
  return order;
}

/** Runs of loaded indices as [first, last] pairs, for the range display of the slider. */
export function loadedRuns(loaded: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  loaded.forEach((is, index) => {
    const last = runs.at(-1);
    if (!is) return;
    if (last?.[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  });
  return runs;
}
