/**
 * The Hugging Face hub from Node, by the variables of its own client (huggingface_hub 1.x, `constants.py`): HF_ENDPOINT, HF_HUB_CACHE, HF_HOME
 * and HF_TOKEN.
 */

import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HubFiles } from "../io/types.js";
import { HUB } from "../model/folder.js";

const endpoint = () => (process.env.HF_ENDPOINT || HUB).replace(/\/+$/, "");

/** The folder in which its client keeps repositories; it is only read. */
function hubCache(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  return HF_HUB_CACHE || join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"), "hub");
}

/** The repository `owner/name` at the revision that its client has as `main`, or at the hub's own. */
export async function hub(id: string): Promise<HubFiles> {
  const folder = join(hubCache(), `models--${id.replace("/", "--")}`);
  const ref = await readFile(join(folder, "refs", "main"), "utf8").catch(() => "");
  const [revision] = /^[0-9a-f]{40}$/.exec(ref.trim()) ?? [];
  return {
    url: `${endpoint()}/${id}/resolve/${revision ?? "main"}/`,
    async find(name) {
      if (!revision) return undefined;
      const path = join(folder, "snapshots", revision, name);
      return access(path).then(
        () => path,
        () => undefined,
      );
    },
  };
}

/** The token as a header, for the hub's own origin only: what it redirects to gets none. */
export function hubAuthorization(url: string): string | undefined {
  const { HF_TOKEN } = process.env;
  const own = URL.canParse(endpoint()) && new URL(endpoint()).origin === new URL(url).origin;
  return HF_TOKEN && own ? `Bearer ${HF_TOKEN.trim()}` : undefined;
}
