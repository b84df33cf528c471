/** Models by where they are: folders as people write them, the Hugging Face hub, and files as URLs. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { noiseImage } from "../conformance/images.js";
import { MaskFeatError } from "../gpu/errors.js";
import {
  completeConfig,
  decode,
  getModel,
  inferenceModel,
  modelConfigOf,
  openCheckpoint,
  type Tensor,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { folderOf } from "../sdk/model/folder.js";
import { browserPlatform } from "../sdk/platform/browser.js";
import { temporaryFolder } from "./cli.js";
import { codeOf } from "./helpers.js";
import { asHuggingFace, ours } from "./naming.js";

const json = {
  architectures: ["ViTForImageClassification"],
  hidden_size: 48,
  id2label: { 0: "cat", 1: "dog", 2: "bird" },
  image_size: 56,
  intermediate_size: 96,
  model_type: "vit",
  num_attention_heads: 4,
  num_hidden_layers: 2,
  patch_size: 4,
};
const preprocessor = { image_processor_type: "ViTImageProcessor", size: { height: 56, width: 56 } };
const config = completeConfig(modelConfigOf(json, { preprocessor }));
const files: Readonly<Record<string, Uint8Array | string>> = {
  "config.json": JSON.stringify(json),
  "preprocessor_config.json": JSON.stringify(preprocessor),
  "model.safetensors": writeSafetensors(asHuggingFace(ours(config))),
};
const image = noiseImage("folder", 60, 80);
const options = { threads: 1, device: "wasm", selfTest: "off" } as const;
const home = temporaryFolder();
let want: Tensor[];

function write(folder: string, names = Object.keys(files)): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), files[name]);
  return folder;
}

async function logitsOf(model: string | URL, more = {}): Promise<Tensor[]> {
  using loaded = await getModel(model, { ...options, ...more });
  return loaded.forward(image);
}

beforeAll(async () => {
  using model = await getModel(config, { ...options, weights: "procedural" });
  want = await model.forward(image);
});

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("a folder", () => {
  const path = write(join(home, "my folder"));
  const plain = write(join(home, "hf"));
  const url = pathToFileURL(path);

  it.each<[string, string | URL]>([
    ["a path", path],
    ["a path with a slash", `${path}/`],
    ["a relative path", `./${relative(process.cwd(), plain)}`],
    ["a file URL as text", url.href],
    ["a file URL with a slash", `${url.href}/`],
    ["a file URL", url],
    ["a file URL in capitals", url.href.replace("file:", "FILE:")],
  ])("is found by %s", async (_, name) => {
    expect(await logitsOf(name)).toEqual(want);
  });

  it("is found by its bare name, and by two names with a slash before the hub is asked", async () => {
    const before = process.cwd();
    write(join(home, "owner", "name"));
    try {
      process.chdir(home);
      for (const name of ["hf", "owner/name", "hf/"]) expect(await logitsOf(name, { offline: true })).toEqual(want);
      const { predClass } = await inferenceModel("hf", image, options);
      expect(config.classes).toContain(predClass);
    } finally {
      process.chdir(before);
    }
  });

  it("that is none says so", async () => {
    for (const name of ["./none", "/none", "../none/x", join(path, "model.safetensors"), "C:\\none"]) {
      expect(await messageOf(getModel(name))).toMatch(/no such folder; give a folder with config\.json/);
    }
    expect(await codeOf(() => getModel("file://host/hf/"))).toBe(
      process.platform === "win32" ? "FILE_NOT_FOUND" : "FILE_READ",
    );
    for (const name of ["http:", "https://user:secret@host/hf"]) {
      expect(await codeOf(() => getModel(name))).toBe("FILE_READ");
      expect(await messageOf(getModel(name))).not.toMatch(/secret/);
    }
    expect(await codeOf(() => getModel("nothing"))).toBe("MODEL_UNKNOWN");
    expect(await codeOf(() => getModel("a/b/c"))).toBe("MODEL_UNKNOWN");
    expect(await codeOf(() => getModel("../../etc/passwd"))).toBe("FILE_NOT_FOUND");
  });

  it("is a relative URL in a page, and a name on the hub its URL", async () => {
    const urlOf = async (name: string | URL) =>
      String(await (await folderOf(browserPlatform, name))?.file("config.json"));
    expect(await urlOf("hf/")).toBe("hf/config.json");
    expect(await urlOf("./hf")).toBe("./hf/config.json");
    expect(await urlOf("/models/hf")).toBe("/models/hf/config.json");
    expect(await urlOf(new URL("https://example.org/hf?rev=1"))).toBe("https://example.org/hf/config.json?rev=1");
    expect(await urlOf("google/vit-base-patch16-224")).toBe(
      "https://huggingface.co/google/vit-base-patch16-224/resolve/main/config.json",
    );
    for (const name of ["hf", "a/..", "a b/c", "maskfeat_vit-tiny-p16"]) {
      expect(await folderOf(browserPlatform, name)).toBeUndefined();
    }
  });
});

describe("files", () => {
  const weights = join(write(join(home, "files")), "model.safetensors");
  const inline = `data:application/octet-stream;base64,${Buffer.from(files["model.safetensors"]).toString("base64")}`;

  it.each([
    ["a file URL as text", pathToFileURL(weights).href],
    ["a data URL", inline],
    ["a blob URL", URL.createObjectURL(new Blob([new Uint8Array(readFileSync(weights))]))],
  ])("of weights are found by %s", async (_, from) => {
    using loaded = await getModel(config, { ...options, weights: from });
    expect(await loaded.forward(image)).toEqual(want);
    expect(loaded.weights.length).toBeLessThan(200);
    const checkpoint = await openCheckpoint(from);
    expect(checkpoint.names.length).toBeGreaterThan(30);
    await checkpoint.close();
  });

  it("of images, too; what is no such URL is named in short", async () => {
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    for (const from of [`data:image/png;base64,${png}`, new URL(`data:image/png;base64,${png}`)]) {
      expect(await decode(from)).toMatchObject({ width: 1, height: 1 });
    }
    for (const from of [
      `data:image/png;base64,@@${"A".repeat(5000)}`,
      "blob:nodedata:none",
      "ftp://host/a.jpg",
      "file://a/b",
    ]) {
      const error = await decode(from).catch((e) => e);
      expect(error).toBeInstanceOf(MaskFeatError);
      expect(error.code).toMatch(/^FILE_(READ|NOT_FOUND)$/);
      expect(error.message.length).toBeLessThan(300);
    }
  });
});

describe("the hub", () => {
  const seen: { path: string; authorization?: string; server: "hub" | "other" }[] = [];
  const servers: Record<"hub" | "other", Server> = { hub: serverOf("hub"), other: serverOf("other") };
  let repository: Readonly<Record<string, Uint8Array | string>>;

  const origin = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Files of `owner/name`; weights redirect to the other server, as the hub does. */
  function serverOf(name: "hub" | "other"): Server {
    return createServer((request: IncomingMessage, response) => {
      const path = new URL(request.url!, "http://x").pathname;
      seen.push({ path, authorization: request.headers.authorization, server: name });
      const [, found] = /^\/owner\/(?:name|other|private)\/resolve\/(?:main|[0-9a-f]{40})\/(.*)$/.exec(path) ?? [];
      const secret = path.startsWith("/owner/private/") && request.headers.authorization !== "Bearer hf_secret";
      if (name === "hub" && secret) response.writeHead(401).end("Invalid username or password.");
      else if (!found || !(found in repository)) response.writeHead(404).end("Entry not found");
      else if (name === "hub" && found.endsWith(".safetensors")) {
        response.writeHead(302, { Location: origin(servers.other) + path }).end();
      } else response.writeHead(200).end(repository[found]);
    });
  }

  beforeAll(async () => {
    for (const server of Object.values(servers)) {
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    }
    return () => Object.values(servers).forEach((server) => void server.close());
  });

  let cache = 0;
  beforeEach(() => {
    seen.length = 0;
    repository = files;
    vi.stubEnv("HF_ENDPOINT", `${origin(servers.hub)}/`);
    vi.stubEnv("HF_HOME", join(home, "none"));
    vi.stubEnv("HF_HUB_CACHE", undefined);
    vi.stubEnv("HF_TOKEN", undefined);
    vi.stubEnv("MASKFEAT_HOME", join(home, `cache${cache++}`));
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => vi.unstubAllEnvs());

  it("gives a model by owner/name, which is kept", async () => {
    expect(await logitsOf("owner/name")).toEqual(want);
    expect(seen.map(({ path }) => path.split("/").at(-1))).toEqual([
      "config.json",
      "preprocessor_config.json",
      "model.safetensors",
      "model.safetensors",
    ]);
    seen.length = 0;
    expect(await logitsOf("owner/name", { offline: true })).toEqual(want);
    expect(seen).toEqual([]);
  });

  it("is not asked offline, by name", async () => {
    expect(await messageOf(getModel("owner/name", { offline: true }))).toMatch(
      /^owner\/name: neither a registered model nor a folder here.*offline was asked for/,
    );
    expect(await codeOf(() => getModel("owner/name", { offline: true }))).toBe("NET_OFFLINE");
    expect(seen).toEqual([]);
  });

  it("says what it does not have", async () => {
    expect(await messageOf(getModel("owner/nothing"))).toMatch(/^owner\/nothing: neither .* 404 .*HF_TOKEN$/);
    repository = { "config.json": files["config.json"], "preprocessor_config.json": files["preprocessor_config.json"] };
    expect(await messageOf(getModel("owner/other"))).toMatch(/^owner\/other: neither model\.safetensors nor/);
  });

  it("gets the token, and no other server does", async () => {
    expect(await messageOf(getModel("owner/private"))).toMatch(/401 Unauthorized; a private one needs HF_TOKEN$/);
    vi.stubEnv("HF_TOKEN", "hf_secret");
    seen.length = 0;
    expect(await logitsOf("owner/private")).toEqual(want);
    expect(new Set(seen.map(({ server, authorization }) => `${server} ${authorization}`))).toEqual(
      new Set(["hub Bearer hf_secret", "other undefined"]),
    );
  });

  it("is not asked for what its own client keeps, and for the rest at the same revision", async () => {
    const [revision, hf] = ["0123456789abcdef0123456789abcdef01234567", join(home, "hf-home")];
    const kept = join(hf, "hub", "models--owner--name");
    mkdirSync(join(kept, "refs"), { recursive: true });
    writeFileSync(join(kept, "refs", "main"), revision);
    write(join(kept, "snapshots", revision), ["config.json", "model.safetensors"]);
    vi.stubEnv("HF_HOME", hf);
    expect(await logitsOf("owner/name")).toEqual(want);
    expect(seen.map(({ path }) => path)).toEqual([`/owner/name/resolve/${revision}/preprocessor_config.json`]);
    write(join(kept, "snapshots", revision));
    seen.length = 0;
    expect(await logitsOf("owner/name", { offline: true })).toEqual(want);
    expect(seen).toEqual([]);
  });

  it("has its files from a mirror, as all downloads", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    const urlMapping = ["^http://127\\.0\\.0\\.1:9/", `${origin(servers.hub)}/`] as const;
    expect(await logitsOf("owner/name", { urlMapping })).toEqual(want);
  });
});
