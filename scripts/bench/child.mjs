// The process of one contender (see process.mjs).

import { server } from "./serve.mjs";

const answer = server((module) => import(module));
process.on("message", async (question) => process.send(await answer(question)));
process.on("disconnect", () => process.exit());
