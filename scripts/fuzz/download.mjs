// A download in a process of its own: prints the SHA-256 of the file that it got.
import { readFileSync } from "node:fs";
import { download } from "../../dist/node.js";
import { sha256 } from "./server.mjs";

const { path } = await download(process.argv[2]);
console.log(sha256(readFileSync(path)));
