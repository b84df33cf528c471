/** What attacks on checkpoints share: a row of their tables, and files that are right but for one value. */

import { archive, call, checkpoint, name, pickle, tensor, text } from "./forge.js";

export const system = call(name("os", "system"), text("touch pwned"));
export const safe = ["w", tensor()] as const;

export type Row = readonly [string, string, () => Uint8Array<ArrayBuffer>, (readonly (readonly [string, string])[])?];
export const weights = (value: string) => () => archive(checkpoint([safe, ["evil", value]]));
export const beside = (key: string, value: string) => () => archive(checkpoint([safe], [key, value]));
export const shaped = (change: Parameters<typeof tensor>[0]) => () => archive(checkpoint([["w", tensor(change)]]));
export const good = checkpoint([safe]);
export const root = (body: string) => () => archive(pickle(body));
