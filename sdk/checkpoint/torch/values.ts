/** What unpickling gives: only data. No value has a class of the file's, and none can be called. */

/** A pickled value. Tuples are frozen arrays, lists are not. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Value[]
  | readonly Value[]
  | Dict
  | SetOf
  | Unknown
  | StorageRef
  | TensorRef
  | NumpyType;

export type Key = string | number | bigint | boolean | null;

/** A dict or OrderedDict. */
export class Dict {
  readonly entries: Map<Key, Value>;
  /** Attributes that an OrderedDict was given (`_metadata` of every state dict). */
  attributes: Value = null;

  constructor(entries?: Iterable<readonly [Key, Value]>) {
    this.entries = new Map(entries);
  }
}

export class SetOf {
  constructor(readonly items: Value[] = []) {}
}

/** A name of Python's (`module.name`), or what calling it would have given: marked, and never run. */
export class Unknown {
  /** What it would have been made from. */
  readonly parts: Value[];
  readonly isName: boolean;

  /** `parts`: undefined for the name itself. */
  constructor(
    readonly global: string,
    parts?: readonly Value[],
  ) {
    this.isName = parts === undefined;
    this.parts = [...(parts ?? [])];
  }
}

/** Numbers of one type somewhere in the file. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: string,
    /** Elements of the whole storage. */
    readonly count: number,
    /** Its part, where the tensor was made from a part: first element and number. */
    readonly first: number,
    readonly length: number,
  ) {}
}

/** Where the file has a storage. */
export interface Stored {
  /** By which storages can be put in the file's order. */
  readonly place: number;
  /** Where its elements begin; asked for when they are read, as it takes a look at the file. @throws CheckpointError CKPT_ZIP; FileError */
  begin(): Promise<number>;
}

/** Everything in a file but the numbers. */
export interface Unpickled {
  readonly root: Value;
  readonly storages: ReadonlyMap<string, Stored>;
}

/** A view of a storage; offset and strides count elements from the storage's first. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A `numpy.dtype`: "f8", "i4" ... */
export class NumpyType {
  littleEndian = true;

  constructor(readonly code: string) {}
}

export const isTuple = (value: Value): value is readonly Value[] => Array.isArray(value) && Object.isFrozen(value);
export const isList = (value: Value): value is Value[] => Array.isArray(value) && !Object.isFrozen(value);
export const tuple = (items: Value[]): readonly Value[] => Object.freeze(items);
