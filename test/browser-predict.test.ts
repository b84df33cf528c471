/** Predictions in a browser: Node's bits, and ImageNet's names from the entry that pages import. */

import "./relaxed.js";
import { expect, it } from "vitest";
import { imagenetClasses } from "../sdk/config/imagenet.js";
import { getModel } from "../sdk/entries/node.js";
import { describeChromium } from "./chromium.js";
import { tiny } from "./tiny.js";

describeChromium("model.predict", (chromium) => {
  it("gives what Node gives, and names from maskfeat-wgpu/imagenet", async () => {
    const config = { ...tiny, kind: "classifier", numClasses: 1000 } as const;
    const path = "sdk/demo/samples/wood-walnut-exif6.jpg";
    const { inPage } = await chromium.open();
    const found = await inPage(
      async ({ maskfeat, load }, { config, path }) => {
        const { imagenetClasses } = await load<{ imagenetClasses: string[] }>("/dist/imagenet.js");
        const options = { weights: "procedural", device: "wasm", threads: 1 } as const;
        const plain = await maskfeat.getModel(config, options);
        const named = await maskfeat.getModel(config, { ...options, classes: imagenetClasses });
        const [nameless] = await plain.predict(`/${path}`);
        const { predScores, ...best } = await maskfeat.inferenceModel(named, `/${path}`, { topk: 3 });
        return { nameless: "predClass" in nameless, scores: [...predScores], best };
      },
      { config, path },
    );
    const options = { weights: "procedural", device: "wasm", threads: 1, classes: imagenetClasses } as const;
    using model = await getModel(config, options);
    const [{ predScores, ...best }] = await model.predict(path, { topk: 3 });
    expect(found).toEqual({ nameless: false, scores: [...predScores], best });
  });
});
