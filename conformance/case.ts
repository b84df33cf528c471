/** What the suite is made of: cases, each of which measures one thing against its reference and says how much of its bound is used. */

/** C0 device, C1 builtin functions, C2 kernels, C3 blocks, C4 model, C5 pipeline, C7 files and predictions. C6 is kept for training. */
export const levels = ["C0", "C1", "C2", "C3", "C4", "C5", "C7"] as const;
export type Level = (typeof levels)[number];

/** What each level looks at. */
export const levelTitles: Readonly<Record<Level, string>> = {
  C0: "device",
  C1: "builtin functions",
  C2: "kernels",
  C3: "transformer blocks",
  C4: "models",
  C5: "image pipeline",
  C7: "files and predictions",
};

/** How thorough a run is; each includes the one before. */
export const scopes = ["quick", "full", "exhaustive"] as const;
export type Scope = (typeof scopes)[number];

/**
 * Where a bound comes from. "exact": equal bits. "closed": running error analysis of the operation. "envelope": measured offline on
 * float64 runs whose every operation was perturbed by its own rounding.
 */
export type BoundKind = "exact" | "closed" | "envelope";

/** What stands for NaN, for infinities, and for any error if none is allowed. */
export const WRONG = 1e9;

/** Elements of a case by the share of the bound they use: below 2^-10, below 2^-9, ... below 1, and above. */
export const HISTOGRAM = 12;

/** A result beside its reference. */
export interface Measured {
  /** Numbers that were compared. */
  readonly n: number;
  /** The largest absolute error, and the largest relative one. */
  readonly maxAbs: number;
  readonly maxRel: number;
  /** The largest error in units of the last place of the f32 reference. */
  readonly maxUlp: number;
  /** Cosine of the angle between result and reference. */
  readonly cos: number;
  /** max |y - y64| / bound: above 1 it is wrong. */
  readonly use: number;
  /** The bound where `use` is largest. */
  readonly bound: number;
  /** `HISTOGRAM` counts. */
  readonly histogram: readonly number[];
}

/** What a case finds. */
export interface Finding extends Measured {
  /** Why it failed, or what a reader should know. */
  readonly reason?: string;
}

/** A case's outcome as reports hold it. */
export interface CaseResult extends Finding {
  /** Level, subject, and what tells cases of a subject apart, between slashes: "C2/linear/[4,13] [13,13] [13]/uniform". */
  readonly id: string;
  readonly level: Level;
  readonly boundKind: BoundKind;
  readonly status: "passed" | "failed";
  readonly ms: number;
}
