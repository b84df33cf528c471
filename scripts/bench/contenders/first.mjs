// One cold start, in the process that it is the start of: from import to the first result, as one line of JSON.
// `node first.mjs '{"kind": "ours" | "ort-node" | "ort-web", ...}'`

import { existsSync, readFileSync } from "node:fs";
import { images, models } from "./images.mjs";

const x = images(1);
const marks = {};
let last = 0;

/** What was done since the last mark is called `name`. */
function mark(name) {
  const now = performance.now();
  marks[name] = now - last;
  last = now;
}

const kinds = {
  async ours({ entry, model, weights, options }) {
    const { getModel } = await import(entry);
    mark("import");
    let phase = "device";
    const onProgress = (progress) => {
      // the first parameter is the class token, of a few hundred numbers: until then a device was opened and tested
      if (phase === "device" && progress.phase === "load") mark("device");
      if (phase === "load" && progress.phase === "compile") mark("load");
      if (progress.phase === "ready") mark("compile");
      phase = progress.phase === "open" ? phase : progress.phase;
    };
    const made = await getModel(models[model].name, { weights, onProgress, ...options });
    await made.extractFeat(x);
    mark("first");
    return { info: made.device };
  },
  async "ort-node"({ entry, file, threads }) {
    const { default: ort } = await import(entry);
    mark("import");
    return session(ort, { file, threads, provider: "cpu" });
  },
  async "ort-web"({ entry, file, threads }) {
    const { default: ort } = await import(entry);
    ort.env.wasm.numThreads = threads;
    mark("import");
    return session(ort, { file, threads, provider: "wasm" });
  },
};

/** ONNX Runtime reads and prepares a model in one go. */
async function session(ort, { file, threads, provider }) {
  const options = { executionProviders: [provider], graphOptimizationLevel: "all", intraOpNumThreads: threads };
  const made = await ort.InferenceSession.create(file, options);
  mark("load");
  await made.run({ pixel_values: new ort.Tensor("float32", x.data, x.shape) });
  mark("first");
  return {};
}

/** Bytes. Linux counts the memory of the process that started this one in `maxRSS`, too. */
function peakMemory() {
  const status = "/proc/self/status";
  if (!existsSync(status)) return 1024 * process.resourceUsage().maxRSS;
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(status, "utf8"))[1]);
}

const { kind, ...spec } = JSON.parse(process.argv[2]);
last = performance.now();
const start = last;
const about = await kinds[kind](spec);
const ms = performance.now() - start;
console.log(JSON.stringify({ ...about, marks, ms, peakBytes: peakMemory() }));
process.exit();
