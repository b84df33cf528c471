/** Names in messages: data: URLs are cut, and no name breaks the line or commands the terminal. */

import { inspect } from "node:util";
import { expect, it } from "vitest";
import { FileError, shownName } from "../gpu/errors.js";
import { decode, extractFeat, getModel, openCheckpoint } from "../sdk/entries/node.js";
import { tiny } from "./tiny.js";

const url = `data:image/png;base64,${"A".repeat(3e6)}`;
const names: Record<string, string> = {
  "a data: URL of 3 MB": url,
  "a data: URL with spaces": `data:image/svg+xml,<svg ${"x y ".repeat(9999)}>`,
  "a path of 5,000 characters": `/tmp/${"x".repeat(5000)}`,
  "control characters": "/tmp/a\x1b[31mred\r\nb\x07\u202egpj.png",
};
const wrong = (options: object) => getModel(tiny, { weights: "procedural", ...options });
const uses: Record<string, (name: string) => unknown> = {
  image: (name) => extractFeat(name),
  "URL of an image": (name) => extractFeat(new URL(name.startsWith("data:") ? name : `file://${encodeURI(name)}`)),
  "File of an image": (name) => extractFeat(new File([Uint8Array.of(1, 2, 3)], name)),
  weights: (name) => getModel(tiny, { weights: name }),
  checkpoint: (name) => openCheckpoint(name),
  "an option's value": (name) => wrong({ device: name }),
  "an option's name": (name) => wrong({ [name]: 1 }),
  "a configuration's value": (name) => getModel({ ...tiny, kind: name as "pretrain" }, { weights: "procedural" }),
};

it.each(Object.keys(names).flatMap((kind) => Object.keys(uses).map((use) => [kind, use] as const)))(
  "%s as %s",
  async (kind, use) => {
    const error = await Promise.resolve()
      .then(() => uses[use](names[kind]))
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) });
    const { message } = error as Error;
    expect(message.length).toBeLessThan(500);
    expect(message).not.toMatch(/[^ -~]/);
    // with its stack and cause, as an uncaught error is printed
    expect(inspect(error).length).toBeLessThan(8000);
  },
);

it("keeps 80 characters of a data: URL, both ends of a long name, and all of others", () => {
  expect(shownName(url)).toBe(`${url.slice(0, 80)}...`);
  expect(shownName(`${"a".repeat(400)}/bird.jpg`)).toMatch(/^a{100}\.\.\.a{91}\/bird\.jpg$/);
  for (const name of ["bird.jpg", "data:,x", "a".repeat(400)]) expect(shownName(name)).toBe(name);
  expect(new FileError("FILE_READ", "a\n  b\x1b").message).toBe("a b\\x1b");
});

it("a file that is no image is named, whatever its bytes are", async () => {
  await expect(decode(Uint8Array.of(1, 2, 3))).rejects.toThrow("01 02 03");
});
