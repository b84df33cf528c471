/** The suite's host of tests: goldens and samples of the repository. */

import { nodeHost } from "../conformance/node.js";

export const host = nodeHost("conformance/golden", "sdk/demo/samples");
