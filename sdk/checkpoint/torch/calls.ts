/** The names of Python's that are understood, with what each means as data. None is looked up in anything but this list. */

import { constant } from "../../base/constant.js";
import { type Fail, isSize, product, quoted } from "../fail.js";
import { readScalar } from "./numpy.js";
import { Dict, isTuple, NumpyType, StorageRef, TensorRef, tuple, Unknown, type Value } from "./values.js";

export interface Context {
  readonly fail: Fail;
  malformed(what: string): never;
  charge(cost: number): void;
  fill(dict: Dict, items: readonly Value[]): Dict;
}

type Call = (args: readonly Value[], context: Context, name: string) => Value;

/** As many as NumPy allows. */
const MAX_DIMS = 64;

/** Elements that a tensor may have beyond those of its storage (`expand` repeats them). */
const MAX_REPEATED = 2 ** 20;

/** Storage classes of torch: the dtype of their elements, as safetensors spells it. */
const STORAGES = constant(
  () =>
    new Map(
      Object.entries({
        Double: "F64",
        Float: "F32",
        Half: "F16",
        BFloat16: "BF16",
        Long: "I64",
        Int: "I32",
        Short: "I16",
        Char: "I8",
        Byte: "U8",
        Bool: "BOOL",
        ComplexFloat: "C64",
        ComplexDouble: "C128",
      }).flatMap(([name, dtype]) => [`torch.${name}Storage`, `torch.cuda.${name}Storage`].map((key) => [key, dtype])),
    ),
);

const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch.Size", torchSize],
  ["numpy.dtype", numpyType],
  ["numpy.core.multiarray.scalar", numpyScalar],
  ["numpy._core.multiarray.scalar", numpyScalar],
  ["_codecs.encode", encode],
]);

/** What `name(*args)` would give. */
export function call(name: string, args: readonly Value[], context: Context): Value {
  const known = CALLS.get(name);
  return known ? known(args, context, name) : new Unknown(name, args);
}

/** Whether a name is one that is understood, called or not. */
export const isUnderstood = (name: string): boolean => CALLS.has(name) || STORAGES.has(name);

function orderedDict(args: readonly Value[], context: Context): Value {
  const [items, ...more] = args;
  const dict = new Dict();
  if (more.length > 0) context.malformed("an OrderedDict of several arguments");
  if (items === undefined) return dict;
  if (!Array.isArray(items)) context.malformed("an OrderedDict of what is no list");
  context.charge(items.length);
  for (const item of items as readonly Value[]) {
    if (!Array.isArray(item) || item.length !== 2) context.malformed("an OrderedDict of what are no pairs");
    context.fill(dict, item as readonly Value[]);
  }
  return dict;
}

/** The id of a storage: ("storage", class, key, device, elements), in old files with a view of it. */
export function persistent(id: Value, context: Context): Value {
  if (!isTuple(id)) return context.malformed("a persistent id that is no tuple");
  // An old whole-model file names the class of each module with its source text.
  if (id[0] === "module" && id.length === 4 && id[1] instanceof Unknown) return id[1];
  const [kind, type, key, , count, view = null] = id;
  if (kind !== "storage" || id.length < 5 || id.length > 6) context.malformed("a persistent id that names no storage");
  if (!(type instanceof Unknown) || typeof key !== "string" || !isSize(count)) {
    return context.malformed("a storage without class, key or size");
  }
  const dtype = type.isName ? STORAGES.get(type.global) : undefined;
  if (dtype === undefined) return new Unknown(type.global, [type]);
  if (view === null) return new StorageRef(key, dtype, count, 0, count);
  const [, first, length] = isTuple(view) ? view : [];
  if (!isSize(first) || !isSize(length)) return context.malformed("a view of a storage without offset or size");
  if (!(first + length <= count)) context.fail("CKPT_OFFSETS", `storage ${quoted(key)}: a view beyond its end`);
  return new StorageRef(key, dtype, count, first, length);
}

/** (storage, offset, shape, strides[, requires_grad, hooks[, metadata]]) */
function rebuildTensor(args: readonly Value[], context: Context, name: string): Value {
  const [storage, offset, shape, strides, grad = false, hooks = null, metadata = null] = args;
  if (args.length < 4 || args.length > 7) context.malformed(`a tensor of ${args.length} arguments`);
  // A storage of no known class, or hooks, which only code could restore.
  if (storage instanceof Unknown || !isEmpty(hooks) || !isEmpty(metadata)) return new Unknown(name, args);
  if (!(storage instanceof StorageRef) || typeof grad !== "boolean") {
    return context.malformed("a tensor without its storage");
  }
  const what = `a tensor of storage ${quoted(storage.key)}`;
  const bad = (why: string): never => context.fail("CKPT_OFFSETS", `${what}: ${why}`);
  const sizes = numbers(shape) ?? bad("its shape is no list of sizes");
  const steps = numbers(strides) ?? bad("its strides are no list of sizes");
  if (!isSize(offset)) return bad("its offset is no size");
  if (sizes.length !== steps.length) bad(`${sizes.length} sizes and ${steps.length} strides`);
  if (sizes.length > MAX_DIMS) bad(`${sizes.length} dimensions`);
  const tensor = new TensorRef(storage, offset, sizes, steps);
  checkBounds(tensor, bad, context);
  return tensor;
}

function checkBounds({ storage, offset, shape, strides }: TensorRef, bad: (why: string) => never, context: Context) {
  const count = product(shape) ?? bad(`shape [${shape}] has too many elements`);
  if (count === 0) return;
  let last = offset;
  for (const [i, n] of shape.entries()) {
    const reach = product([n - 1, strides[i]]) ?? bad(`strides [${strides}] reach too far`);
    last += reach;
    if (!(last < storage.length)) {
      bad(`shape [${shape}], strides [${strides}] and offset ${offset} reach element ${last} of ${storage.length}`);
    }
  }
  if (!(last < storage.length)) bad(`offset ${offset} lies behind its ${storage.length} elements`);
  if (count > storage.length && count > MAX_REPEATED) {
    context.fail("CKPT_LIMIT", `shape [${shape}] repeats ${storage.length} elements ${count / storage.length} times`);
  }
}

function isEmpty(value: Value): boolean {
  if (value instanceof Dict) return value.entries.size === 0;
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** A tuple of sizes. */
function numbers(value: Value): number[] | undefined {
  return Array.isArray(value) && value.length <= 2 * MAX_DIMS && value.every(isSize) ? [...value] : undefined;
}

/** (tensor, requires_grad, hooks) */
function rebuildParameter(args: readonly Value[], context: Context, name: string): Value {
  const [data, , hooks = null] = args;
  if (args.length < 2 || args.length > 3) context.malformed(`a parameter of ${args.length} arguments`);
  if (data instanceof Unknown || !isEmpty(hooks)) return new Unknown(name, args);
  return data instanceof TensorRef ? data : context.malformed("a parameter without its tensor");
}

function torchSize([sizes, ...more]: readonly Value[], context: Context): Value {
  if (!Array.isArray(sizes) || more.length > 0) return context.malformed("a torch.Size of no list");
  context.charge(sizes.length);
  return tuple([...sizes]);
}

function numpyType(args: readonly Value[], _context: Context, name: string): Value {
  const [code] = args;
  return typeof code === "string" && /^[fiub][1248]$/.test(code) ? new NumpyType(code) : new Unknown(name, args);
}

function numpyScalar(args: readonly Value[], _context: Context, name: string): Value {
  const [type, bytes] = args;
  const number = type instanceof NumpyType && bytes instanceof Uint8Array ? readScalar(type, bytes) : undefined;
  return number ?? new Unknown(name, args);
}

/** `_codecs.encode(text, "latin1")` is how protocol 2 writes bytes. */
function encode(args: readonly Value[], context: Context, name: string): Value {
  const [text, encoding] = args;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of Latin-1
  if (typeof text !== "string" || encoding !== "latin1" || !/^[\x00-\xff]*$/.test(text)) return new Unknown(name, args);
  context.charge(text.length >> 6);
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
