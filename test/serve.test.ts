import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, program, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request as it is written, without a browser's tidying of its path. */
function ask(port: number, path: string, { method = "GET", host = `127.0.0.1:${port}`, address = "127.0.0.1" } = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request({ host: address, port, path, method, headers: { host }, timeout: 2000 }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end();
  });
}

describe("demo --web", () => {
  let child: ChildProcess;
  let stdout = "";
  let port = 0;

  beforeAll(async () => {
    child = spawn(process.execPath, [program, "demo", "--web", "--json"], { cwd: folder });
    child.stdout?.on("data", (text) => {
      stdout += text;
    });
    while (!stdout.endsWith("\n")) await once(child.stdout!, "data");
    port = JSON.parse(stdout).port;
  });

  afterAll(() => {
    child.kill("SIGKILL");
  });

  it("prints its address as the result", () => {
    expect(JSON.parse(stdout)).toEqual({ command: "demo", version: "0.1.0", url: `http://127.0.0.1:${port}/`, port });
  });

  it("gives the page, its parts and the samples, each with its type", async () => {
    const names = JSON.parse((await ask(port, "/samples.json")).body);
    expect(names).toHaveLength(9);
    const types: Record<string, RegExp> = {
      "/": /^text\/html/,
      "/?device=wasm": /^text\/html/,
      "/page.js": /^text\/javascript/,
      "/work.js": /^text\/javascript/,
      "/style.css": /^text\/css/,
      "/icon.svg": /^image\/svg\+xml$/,
      [`/samples/${names[0]}`]: /^image\/png$/,
    };
    for (const [path, type] of Object.entries(types)) {
      const { status, headers, body } = await ask(port, path);
      expect([path, status, headers["content-type"]]).toEqual([path, 200, expect.stringMatching(type)]);
      expect(body.length).toBeGreaterThan(100);
    }
  });

  it("isolates the page and bars what it does not need, on every answer", async () => {
    for (const path of ["/", "/work.js", "/nothing"]) {
      const { headers } = await ask(port, path);
      expect(headers).toMatchObject({
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/),
      });
    }
  });

  it.each(["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:PORT"])(
    "refuses the host %j",
    async (host) => {
      const { status, body } = await ask(port, "/", { host: host.replace("PORT", `${port}`) });
      expect([status, body]).toEqual([403, expect.not.stringContaining("<html")]);
    },
  );

  it("answers to localhost", async () => {
    expect((await ask(port, "/", { host: `localhost:${port}` })).status).toBe(200);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("refuses %s", async (method) => {
    expect(await ask(port, "/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  it("answers HEAD without a body", async () => {
    const { status, headers, body } = await ask(port, "/", { method: "HEAD" });
    expect([status, Number(headers["content-length"]) > 1000, body]).toEqual([200, true, ""]);
  });

  it.each([
    "/../package.json",
    "/samples/../../../package.json",
    "/%2e%2e/package.json",
    "/..%2fpackage.json",
    "/samples/..\\..\\cli.js",
    "/cli.js",
    "//etc/passwd",
    "/__proto__",
  ])("has no page %s", async (path) => {
    expect((await ask(port, path)).status).toBe(404);
  });

  it("listens on the loopback address alone", async () => {
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const addresses = others.filter(({ internal, family }) => !internal && family === "IPv4").map((i) => i.address);
    // all of 127.0.0.0/8 is this machine on Linux: whoever listens on every address answers there
    if (process.platform === "linux") addresses.push("127.0.0.2");
    for (const address of addresses) {
      await expect(ask(port, "/", { address }), address).rejects.toThrow(/ECONNREFUSED/);
    }
  });

  it("ends by itself when interrupted, whatever connections are open", async () => {
    const half = connect(port, "127.0.0.1");
    half.on("error", () => {});
    half.write("GET / HTTP/1.1\r\n");
    await once(half, "ready");
    await ask(port, "/");
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect([code, stdout.split("\n").length]).toEqual([130, 2]);
  }, 10_000);
});

describe("demo --web that cannot be", () => {
  it("says that a port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { code, stdout, stderr } = await cli(["demo", "--web", "--port", `${port}`, "--json"], folder);
    server.close();
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({ name: "MaskFeatError", code: "PORT_UNAVAILABLE" });
    expect(stderr).toContain(`port ${port} of 127.0.0.1 cannot be used: another program listens on it`);
  });

  it.each([
    [["--port", "8080"], "OPT_MISSING", /it needs --web/],
    [["--web", "--port", "0"], "OPT_VALUE", /--port must be a whole number from 1 to 65535/],
    [["--web", "--out", "x"], "OPT_VALUE", /'--web' cannot be used with option '--out/],
    [["--web", "--weights", "procedural"], "OPT_VALUE", /'--web' cannot be used with option '--weights/],
  ])("%j is wrong usage", async (args, code, message) => {
    const { code: exit, stdout } = await cli(["demo", ...args, "--json"], folder);
    const { error } = JSON.parse(stdout);
    expect([exit, error.code, error.message]).toEqual([2, code, expect.stringMatching(message)]);
  });
});
