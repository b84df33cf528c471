/** How a project names the tensors of a vision transformer: a table of its names and ours. */

/**
 * Their name, ours, and where several of theirs make one of ours, which of the pieces this is. `#` stands for a block's number, `@` for
 * "weight" or "bias".
 */
export type Rule = readonly [from: string, to: string, part?: number];

export interface Naming {
  readonly project: string;
  /** Matches a name that tells this project's files from those of the projects after it; prefixes are taken off first. */
  readonly sign: RegExp;
  readonly rules: readonly Rule[];
  /** Numbers beside the parameters that follow from the configuration: left out without a word. */
  readonly derived?: RegExp;
  /** Parameters that no model here has, whose absence changes no feature: left out, and told. */
  readonly unused?: RegExp;
  /** The project's files belong to recipes of many kinds: norms and pre-processing have to be said. */
  readonly manyRecipes: boolean;
}
