/** How the lists of mutants beside the levels are written. */

import type { Mutant, Mutants } from "../ops/define.js";

/** Mistakes in one file, which `cases` must find. */
export const mistakes = (cases: string, file: string, mutants: readonly Mutant[]): Mutants => {
  return { cases, files: { [file]: mutants } };
};
