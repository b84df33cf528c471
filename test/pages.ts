/** README and the pages of the guide, and the code blocks in them. */

import { readdirSync, readFileSync } from "node:fs";

export const guides = readdirSync("sdk/guide")
  .filter((name) => name.endsWith(".md"))
  .map((name) => `sdk/guide/${name}`);

export interface Block {
  /** The page, and the block's number among those of its language there: "README.md, js 1". */
  readonly name: string;
  readonly page: string;
  /** What stands behind the language: the file that the block quotes. */
  readonly source: string;
  readonly code: string;
}

/** The blocks of a language: `js` runs, `ts` is compiled, `ts FILE` quotes that file. README's come first. */
export function codeBlocks(language: string): Block[] {
  const fence = new RegExp(`^\`\`\`${language}(?: (\\S+))?\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return ["README.md", ...guides].flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(fence)].map(([, source = "", code], i) => ({
      name: `${page}, ${language} ${i + 1}`,
      page,
      source,
      code,
    })),
  );
}
