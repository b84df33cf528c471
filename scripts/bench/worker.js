// The worker of one contender in a browser (see browser.mjs).

import { server } from "./serve.mjs";

const answer = server((module) => import(module));
addEventListener("message", async ({ data }) => postMessage(await answer(data)));
