/** The stack machine of pickles. Each operation checks the type of what it works on, and none calls anything. */

import { call } from "./calls.js";
import { Reader } from "./reader.js";
import { Dict, isList, isTuple, type Key, NumpyType, SetOf, tuple, Unknown, type Value } from "./values.js";

const MAX_MARKS = 256;
const MAX_NAME = 1000;

export class Machine extends Reader {
  private stack: Value[] = [];
  /** The stacks below the marks. */
  private readonly below: Value[][] = [];
  private readonly memo = new Map<number, Value>();

  /** The result: the only value that is left. */
  last(): Value {
    const value = this.pop();
    if (this.stack.length > 0 || this.below.length > 0) this.malformed("values are left over at its end");
    return value;
  }

  push(value: Value): void {
    this.stack.push(value);
  }

  pop(): Value {
    return this.popSome(1)[0];
  }

  top(): Value {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    if (this.below.length >= MAX_MARKS) this.fail("CKPT_LIMIT", `a pickle nested deeper than ${MAX_MARKS}`);
    this.below.push(this.stack);
    this.stack = [];
  }

  /** Everything above the last mark. */
  popMark(): Value[] {
    const items = this.stack;
    this.stack = this.below.pop() ?? this.malformed("an operation without its mark");
    return items;
  }

  /** The last `count` values, in the order in which they were pushed. */
  popSome(count: number): Value[] {
    if (this.stack.length < count) this.malformed("an operation without its operand");
    return this.stack.splice(this.stack.length - count, count);
  }

  put(index: number): void {
    this.memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.memo.size);
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.malformed(`nothing is remembered as ${index}`);
    this.push(value);
  }

  append(items: readonly Value[]): void {
    const target = this.top();
    if (target instanceof Unknown && !target.isName) extend(target.parts, items);
    else if (isList(target)) extend(target, items);
    else this.malformed("items are added to what is no list");
  }

  add(items: readonly Value[]): void {
    const target = this.top();
    if (target instanceof SetOf) extend(target.items, items);
    else this.malformed("items are added to what is no set");
  }

  setItems(items: readonly Value[]): void {
    if (items.length % 2 !== 0) this.malformed("a key without its value");
    const target = this.top();
    if (target instanceof Unknown && !target.isName) extend(target.parts, items);
    else if (target instanceof Dict) this.fill(target, items);
    else this.malformed("items are set in what is no dict");
  }

  fill(dict: Dict, items: readonly Value[]): Dict {
    for (let i = 0; i < items.length; i += 2) dict.entries.set(this.key(items[i]), items[i + 1]);
    return dict;
  }

  private key(value: Value): Key {
    if (value === null || ["string", "number", "bigint", "boolean"].includes(typeof value)) return value as Key;
    if (value instanceof Unknown) return value.global;
    if (value instanceof Uint8Array) return `<${value.length} bytes>`;
    if (isTuple(value) && value.length <= 8) {
      return `(${value.map((item) => (item !== null && typeof item === "object" ? "..." : String(item))).join(", ")})`;
    }
    return this.malformed("a key that Python could not hash");
  }

  name(module: Value, name: Value): Unknown {
    if (typeof module !== "string" || typeof name !== "string") this.malformed("a name that is no text");
    if (module.length + name.length > MAX_NAME) this.malformed("a name without end");
    return new Unknown(`${module}.${name}`);
  }

  /** What calling `target` would give: data for the few that are understood, else a marker. */
  reduce(target: Value, args: Value): void {
    if (!(target instanceof Unknown)) this.malformed("a call of what is no name");
    if (!isTuple(args)) {
      if (!(args instanceof Unknown)) this.malformed("a call whose arguments are no tuple");
      this.push(new Unknown(target.global, [target, args]));
      return;
    }
    this.push(target.isName ? call(target.global, args, this) : new Unknown(target.global, [target, ...args]));
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Unknown && !target.isName) target.parts.push(state);
    else if (target instanceof Dict) {
      if (!(state instanceof Dict)) this.malformed("a dict is given a state that is no dict");
      target.attributes = state;
    } else if (target instanceof NumpyType) {
      const order = isTuple(state) ? state[1] : undefined;
      if (typeof order !== "string") this.malformed("a numpy.dtype is given a state of another kind");
      target.littleEndian = order !== ">";
    } else this.malformed("a state is given to what has none");
  }

  /** A call whose arguments have names, too. */
  reduceNamed(target: Value, args: Value, named: Value): void {
    this.reduce(target, args);
    if (named instanceof Dict && named.entries.size === 0) return;
    const made = this.top();
    if (made instanceof Unknown) made.parts.push(named);
    else this.malformed("a call with arguments that it does not take");
  }

  instance([target, ...args]: readonly Value[]): void {
    if (target === undefined) this.malformed("an operation without its operand");
    this.reduce(target, tuple(args));
  }
}

/** `push(...items)` would overflow the call stack. */
function extend(target: Value[], items: readonly Value[]): void {
  for (const item of items) target.push(item);
}
