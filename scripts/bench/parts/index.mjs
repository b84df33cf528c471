// The parts of the benchmark: each gives rows, and their text; `failed` where the command is to end with 1.

import { accuracy } from "./accuracy.mjs";
import { cold } from "./cold.mjs";
import { counts } from "./counts.mjs";
import { data } from "./data.mjs";
import { folder } from "./folder.mjs";
import { gate } from "./gate.mjs";
import { load } from "./load.mjs";
import { models } from "./models.mjs";
import { ops } from "./ops.mjs";
import { peers } from "./peers.mjs";

export const parts = { accuracy, cold, counts, data, folder, gate, load, models, ops, peers };
