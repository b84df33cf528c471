/** That images are prepared while the device computes those before them: by the order of events, never by time. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noiseImage } from "../conformance/images.js";
import { ImageError } from "../gpu/errors.js";
import { onAbort } from "../sdk/base/abort.js";
import { limited, oneAhead, startAhead } from "../sdk/base/ahead.js";
import { pause } from "../sdk/base/pause.js";
import { Inputs } from "../sdk/cli/inputs.js";
import type { Context } from "../sdk/cli/output.js";
import { loadModel } from "../sdk/model/load.js";
import { Runner } from "../sdk/model/runner.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { tiny } from "./tiny.js";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Promises that are resolved by hand, and in which order they were asked for. */
function byHand() {
  const begun: number[] = [];
  const ends = new Map<number, { resolve: (n: number) => void; reject: (error: Error) => void }>();
  const work = (n: number) => {
    begun.push(n);
    return new Promise<number>((resolve, reject) => ends.set(n, { resolve, reject }));
  };
  return {
    begun,
    work,
    end: (n: number) => ends.get(n)?.resolve(n),
    fail: (n: number, e: Error) => ends.get(n)?.reject(e),
  };
}

describe("startAhead", () => {
  it("starts four, then one for each that is taken, and keeps the order", async () => {
    const { begun, work, end } = byHand();
    const started = startAhead(numbers(6), work);
    const first = started.next().value;
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const n of [3, 1, 2, 0]) end(n);
    expect([first[0], await first[1]]).toEqual([0, 0]);
    const second = started.next().value;
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(await second[1]).toBe(1);
    expect([...started].map(([n]) => n)).toEqual([2, 3, 4, 5]);
  });

  it("tells a failure in its turn, and none that nobody waits for", async () => {
    const { work, end, fail } = byHand();
    const started = startAhead(numbers(3), work);
    const [zero, one] = [started.next().value, started.next().value];
    fail(1, new Error("one"));
    fail(2, new Error("two"));
    await nextTurn(); // an unhandled rejection would end the test run
    end(0);
    expect(await zero[1]).toBe(0);
    await expect(one[1]).rejects.toThrow("one");
  });
});

describe("oneAhead", () => {
  it("makes the next item while the caller has one, and no further", async () => {
    const made: number[] = [];
    const items = oneAhead(
      (async function* () {
        for (const n of numbers(3)) {
          made.push(n);
          yield n;
        }
      })(),
    );
    expect(made).toEqual([]);
    for (const expected of [
      [0, 1],
      [0, 1, 2],
      [0, 1, 2],
    ]) {
      await items.next();
      await nextTurn();
      expect(made).toEqual(expected);
    }
    expect((await items.next()).done).toBe(true);
  });

  it("gives what came before an error", async () => {
    const seen: number[] = [];
    const failing = (async function* () {
      yield 0;
      throw new Error("next");
    })();
    const read = async () => {
      for await (const n of oneAhead(failing)) {
        await nextTurn();
        seen.push(n);
      }
    };
    await expect(read()).rejects.toThrow("next");
    expect(seen).toEqual([0]);
  });

  it("stops at once where the caller does, and closes the source once it can", async () => {
    const { work, end } = byHand();
    let closed = false;
    const slow = (async function* () {
      try {
        for (const n of numbers(3)) yield n === 1 ? work(n) : n;
      } finally {
        closed = true;
      }
    })();
    for await (const n of oneAhead(slow)) if (n === 0) break;
    expect(closed).toBe(false);
    end(1);
    await nextTurn();
    expect(closed).toBe(true);
  });
});

describe("limited", () => {
  it("runs so many at once, in order, and goes on after a failure", async () => {
    const { begun, work, end, fail } = byHand();
    const run = limited(2);
    const all = numbers(4).map((n) => run(() => work(n)));
    expect(begun).toEqual([0, 1]);
    fail(1, new Error("one"));
    await expect(all[1]).rejects.toThrow("one");
    expect(begun).toEqual([0, 1, 2]);
    for (const n of [2, 0]) end(n);
    await Promise.all([all[0], all[2]]);
    end(3);
    expect(await all[3]).toBe(3);
    const later = run(() => work(4));
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    end(4);
    await later;
  });
});

describe("a model", () => {
  /** "3": image 3 is decoded; "run", "end": of a run. */
  let events: string[];
  const BROKEN = 255;
  const files = (count: number) => numbers(count).map((n) => Uint8Array.of(n));
  const platform = {
    ...nodePlatform,
    async decode([n]: Uint8Array) {
      events.push(String(n));
      if (n === BROKEN) throw new ImageError("IMG_CORRUPT", "broken");
      return noiseImage(`ahead ${n}`, 64, 64);
    },
  };
  const load = () =>
    loadModel(
      platform,
      { ...tiny, kind: "classifier", numClasses: 3 },
      { weights: "procedural", device: "wasm", threads: 1 },
    );
  const decoded = (from: readonly string[]) => from.filter((event) => Number.isInteger(Number(event))).map(Number);

  beforeEach(() => {
    events = [];
    const { run } = Runner.prototype;
    vi.spyOn(Runner.prototype, "run").mockImplementation(async function (this: Runner<unknown>, ...args) {
      events.push("run");
      const result = await run.apply(this, args);
      await nextTurn();
      events.push("end");
      return result;
    });
  });
  afterEach(() => vi.restoreAllMocks());

  /** During run `i` (from 0) of batches of `size` the next batch is decoded, and nothing behind it. */
  function expectOverlap(count: number, size: number) {
    for (let i = 0, at = -1; i * size < count; i++) {
      at = events.indexOf("end", at + 1);
      expect(decoded(events.slice(0, at))).toEqual(numbers(Math.min(count, (i + 2) * size)));
    }
    expect(events.filter((event) => event === "run")).toHaveLength(Math.ceil(count / size));
  }

  it("decodes the next images of a stream during a run, one batch ahead", async () => {
    using model = await load();
    const seen: number[] = [];
    for await (const [feat] of model.extractFeatStream(files(7), { batchSize: 2 })) {
      await nextTurn();
      seen.push(feat.shape[0]);
    }
    expect(seen).toEqual([2, 2, 2, 1]);
    expectOverlap(7, 2);
  });

  it.each(["extractFeat", "predict"] as const)("decodes the next images of a list during a run: %s", async (method) => {
    using model = await load();
    await model[method](files(40));
    expectOverlap(40, 16);
  });

  it("gives the results before a broken image, then its error", async () => {
    using model = await load();
    const [alone] = await model.extractFeat(files(2));
    const results: unknown[] = [];
    const read = async () => {
      const images = [...files(2), Uint8Array.of(BROKEN), Uint8Array.of(3)];
      for await (const [feat] of model.extractFeatStream(images, { batchSize: 2 })) results.push(feat);
    };
    await expect(read()).rejects.toMatchObject({ code: "IMG_CORRUPT" });
    expect(results).toEqual([alone]);
    expect((await model.extractFeat(files(2)))[0]).toEqual(alone);
  });

  it("decodes no more once it is told to stop, and goes on when it is asked again", async () => {
    using model = await load();
    const controller = new AbortController();
    const stopped = (async () => {
      for await (const _ of model.extractFeatStream(files(100), { batchSize: 2, signal: controller.signal }))
        controller.abort();
    })();
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    for (const _ of numbers(5)) await nextTurn();
    expect(decoded(events)).toEqual(numbers(4));
    expect((await model.extractFeat(files(1)))[0].shape).toEqual([1, 48]);
  });
});

describe("the command line's inputs", () => {
  it("are loaded ahead, given in order, and skipped in order", async () => {
    const warnings: string[] = [];
    const output = { progress() {}, warn: (text: string) => warnings.push(text) };
    const context = { signal: new AbortController().signal, output } as unknown as Context;
    const inputs = await Inputs.of(["sdk/demo/samples"], context);
    const paths = inputs.paths;
    const { begun, work, end, fail } = byHand();
    const each = inputs.each((path) => work(paths.indexOf(path)));
    const first = each.next();
    expect(begun).toEqual([0, 1, 2, 3]);
    fail(3, new ImageError("IMG_CORRUPT", "third"));
    fail(1, new ImageError("IMG_CORRUPT", "first"));
    for (const n of [2, 0]) end(n);
    expect((await first).value).toEqual({ path: paths[0], index: 0, value: 0 });
    expect((await each.next()).value).toEqual({ path: paths[2], index: 2, value: 2 });
    const rest = (async () => {
      const values: number[] = [];
      for await (const { value } of each) values.push(value);
      return values;
    })();
    for (const n of numbers(paths.length)) {
      end(n);
      await nextTurn();
    }
    expect(await rest).toEqual(numbers(paths.length).slice(4));
    expect(inputs.skipped.map(({ message }) => message)).toEqual(["first", "third"]);
    expect(warnings).toEqual(["skipped: first", "skipped: third"]);
  });
});

describe("an abort", () => {
  it("is told to all that wait, through one listener, of which nothing is left", async () => {
    const abort = new AbortController();
    const add = vi.spyOn(abort.signal, "addEventListener");
    const remove = vi.spyOn(abort.signal, "removeEventListener");
    const told: number[] = [];
    const forget = Array.from({ length: 30 }, (_, i) => onAbort(abort.signal, () => told.push(i)));
    for (const end of forget.slice(2)) end();
    abort.abort();
    expect(told).toEqual([0, 1]);
    for (const end of [...forget, ...forget]) end();
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
    onAbort(undefined, () => told.push(9))();
    const [late, early] = [new AbortController(), AbortSignal.abort("before")];
    const paused = [pause(60_000, late.signal), pause(60_000, early)].map((p) => p.catch((reason) => reason));
    late.abort("during");
    expect(await Promise.all(paused)).toEqual(["during", "before"]);
  });
});
