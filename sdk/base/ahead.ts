/** Work ahead: images are read, decoded and resized while the device computes those before them. */

/** Items in the making at once: enough for files to be read before a decoder is free. */
const AT_ONCE = 4;

/**
 * Starts `work` on the items, a few ahead of the one whose result is asked for; gives each item with its promise, in order. Rejections
 * surface when the promise is awaited. If the consumer stops early, they are dropped.
 */
export function* startAhead<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Generator<[T, Promise<R>]> {
  const started: [T, Promise<R>][] = [];
  for (const item of items) {
    const result = work(item);
    result.catch(() => {});
    if (started.push([item, result]) === AT_ONCE) yield started.shift() as [T, Promise<R>];
  }
  yield* started;
}

/**
 * The items of a generator, which makes the next one while the caller is busy with the last; errors come in their turn. A caller that
 * stops early does not wait for the item in the making.
 */
export async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    for (let next = items.next(); ; ) {
      const { value, done } = await next;
      if (done) return;
      next = items.next();
      next.catch(() => {});
      yield value;
    }
  } finally {
    items.return(undefined).catch(() => {});
  }
}

/** A function that runs the works it is given in order, at most `most` of them at once. */
export function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < most) running++;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
