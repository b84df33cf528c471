/** The pages of the guide are true of the code. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { rooms } from "../scripts/rooms.mjs";

const page = readFileSync("sdk/guide/architecture.md", "utf8");

it("the architecture page names files and folders that exist", () => {
  const named = [...page.matchAll(/`((?:gpu|sdk|assembly|conformance|scripts|test)\/[\w./-]*)`/g)].map(
    ([, path]) => path,
  );
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

it("the architecture page lists the rooms in order", () => {
  const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room);
  const there = new Set(
    readdirSync("sdk", { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => e.name),
  );
  expect(listed).toEqual(rooms.filter((room) => there.has(room)));
});
