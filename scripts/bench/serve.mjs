// The inside of a contender's process or worker: opens what it is told to, and calls its functions by name.

/** Answers `{ id, method, args }` with `{ id, result }` or `{ id, error }`; the first method is "open", of a module and what it is to open. */
export function server(importModule) {
  let contender;
  const methods = {
    async open(module, spec) {
      contender = await (await importModule(module)).open(spec);
    },
  };
  return async ({ id, method, args }) => {
    try {
      return { id, result: await (methods[method] ?? contender[method])(...args) };
    } catch (error) {
      return { id, error: error?.message ?? String(error) };
    }
  };
}
