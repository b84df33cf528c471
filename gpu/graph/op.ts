/** What the tape, the planner and the profiler know of an op. Which ops there are, they do not know. */

export type Shape = readonly number[];

/**
 * How the elements of a value lie in memory. "rows": row-major. "packed": as the device wants the second factor of a matmul; only the
 * device knows the order.
 */
export type Layout = "rows" | "packed";

/** `input`: given at each run; `param`: given once; `state`: kept on the device between runs; `temp`: made by a call. */
export type Role = "input" | "param" | "state" | "temp";

/** A tensor that does not exist yet. */
export interface Value {
  readonly name: string;
  readonly role: Role;
  readonly shape: Shape;
  readonly layout: Layout;
}

/** What the gradient rule of an op is given: a call of it, and how to record others. */
export interface Differentiated<A> {
  readonly inputs: readonly Value[];
  readonly attrs: A;
  /** Records a call of an op of the training table and returns its outputs. */
  record(op: string, inputs: readonly Value[], attrs?: object): readonly Value[];
}

/** The facts of an op, whatever device runs it. `A`: its attributes. */
export interface OpRule<A = never> {
  /** Names of the inputs, in binding order; a name that ends in `?` may be left out. */
  readonly inputs: readonly string[];
  /** Names of the outputs, in binding order behind the inputs. */
  readonly outputs: readonly string[];
  /** Inputs that are not read row-major. */
  readonly layouts?: Readonly<Record<string, Layout>>;
  /** Inputs that the op updates in place; they must be state. Such a call is kept even if its outputs are not read. */
  readonly updates?: readonly string[];
  /** The shapes of the outputs; throws a plain string that says what does not fit. */
  shape(inputs: readonly Shape[], attrs: A): readonly Shape[];
  /**
   * The gradients of the inputs, in their order, from that of the first output, `dy`; undefined for an input that has none. Without the
   * rule, or if that gives nothing, nothing can be learnt through the op.
   */
  grad?(call: Differentiated<A>, dy: Value): readonly (Value | undefined)[] | undefined;
  /** Multiply-adds as mmengine's `get_model_complexity_info` counts them: pointwise work is free (default), a norm costs 5 per element. */
  macs?(inputs: readonly Shape[], outputs: readonly Shape[]): number;
  /** Each row of the output depends on the same row of the first input only, so that rows may be selected before the op. */
  readonly rowwise?: boolean;
  /** Copies some rows of its only input. */
  readonly selectsRows?: boolean;
  /** The op can be the last part of another one's kernel, under this name. Its first two inputs may change places. */
  readonly epilogue?: string;
  /** Epilogues that the op's kernels know; its attribute `epilogue` is one of them, or absent. */
  readonly takesEpilogues?: readonly string[];
}

/** Name -> op. */
export type OpTable = Readonly<Record<string, OpRule>>;

/** The attributes of an op. */
export type AttrsOf<R> = R extends { shape(inputs: readonly Shape[], attrs: infer A): unknown } ? A : never;

export const size = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** Elements of one row of a weight [N, ...]: its fan-in. */
export const fanIn = (weight: Shape): number => size(weight.slice(1));

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** For shape rules. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw what;
}
