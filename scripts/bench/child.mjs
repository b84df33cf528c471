// The process or worker of one contender (see hosts.mjs): opens it, and calls its functions by name.

let contender;
/** Phases of the first start: name -> milliseconds. */
const marks = {};
let last = 0;

/** What was done since the last mark is called `name`; without a name it is forgotten. */
function mark(name) {
  const now = performance.now();
  if (name) marks[name] = (marks[name] ?? 0) + now - last;
  last = now;
}

/** What can be asked for; a contender may have more of its own, or others of the same name. */
const methods = {
  /** `open(spec, mark)` of a module gives the contender; its `work()` is what is timed, and may give the result. */
  async open(module, spec) {
    const { open } = await import(module);
    mark();
    contender = await open(spec, mark);
  },
  /** Milliseconds of one call. */
  async run() {
    const start = performance.now();
    await contender.work();
    return performance.now() - start;
  },
  output: () => contender.work(),
  about: () => ({}),
  /** The first call after `open`: `{ marks, ms, peakBytes }` since the module was loaded; the memory is that of the process. */
  async first() {
    await contender.work();
    mark("first");
    const { peakBytes } = await import("../memory.mjs");
    return { marks, ms: Object.values(marks).reduce((a, b) => a + b), peakBytes: peakBytes() };
  },
};

async function answer({ method, args }) {
  try {
    return { result: await (contender?.[method] ?? methods[method])(...args) };
  } catch (error) {
    return { error: error?.message ?? String(error) };
  }
}

if (globalThis.process) {
  process.on("message", async (question) => process.send(await answer(question)));
  process.on("disconnect", () => process.exit());
} else addEventListener("message", async ({ data }) => postMessage(await answer(data)));
