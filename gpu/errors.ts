/** Every error that the package throws: a kind that says what the caller can do about it, and a stable code from one table. */

/** Stable code -> what it means. Codes may be added, never renamed. */
export const errorCodes = {
  SHAPE_MISMATCH: "a tensor's shape is not what the operation or the model takes",
  LAYOUT_MISMATCH: "an operation cannot read a value in the layout in which it lies",
  OPT_UNKNOWN: "an option that does not exist",
  OPT_VALUE: "an option's value is malformed, out of range or none of the choices",
  OPT_MISSING: "an argument or option that is needed was not given",
  DTYPE_RANGE: "a number of the weights is larger than the dtype that was asked for holds",
  MODEL_UNKNOWN: "no registered model has this name",
  GRAD_NONE: "an op without a gradient stands between the loss and parameters",
  MODEL_DISPOSED: "the model was used after dispose()",
  FILE_NOT_FOUND: "no file or folder at this path",
  FILE_READ: "a file or URL could not be read",
  FILE_WRITE: "a file could not be written",
  NET_FAILED: "a server cannot be reached, or the connection breaks again and again",
  NET_STATUS: "a server answers with an error, a redirect that is not followed, or something else than the file",
  NET_OFFLINE: "a download is needed, but offline was asked for",
  HASH_MISMATCH: "the bytes are not those whose hash was given, in the file's name or in integrity",
  CACHE_CORRUPT: "a kept download is damaged, and offline it cannot be replaced",
  IMG_NO_IMAGES: "no readable image among the inputs",
  IMG_EMPTY: "the image file has no bytes",
  IMG_FORMAT: "not a JPEG, PNG or WebP image",
  IMG_CORRUPT: "the image data is truncated or broken",
  IMG_SIZE: "the image has no pixels or more than the limit",
  IMG_CMYK: "a CMYK image, whose colours are not defined without a profile",
  IMG_NO_DECODER: "image files cannot be decoded here because the package sharp is missing or does not work",
  IMG_READ_BACK: "the browser withholds or changes the pixels that a page reads back",
  CKPT_FORMAT: "not a file format that holds weights",
  CKPT_TRUNCATED: "the file ends before the data that it declares",
  CKPT_HEADER: "the file's header is too long, malformed or contradictory",
  CKPT_DTYPE: "a tensor's data type is unknown or not supported",
  CKPT_RANGE: "a number is too large for the type in which it would be stored or computed",
  CKPT_OFFSETS: "tensor data overlaps, leaves holes or does not match its shape",
  CKPT_DUPLICATE: "a tensor name occurs twice",
  CKPT_ZIP: "the archive is compressed, encrypted or contradictory, or members overlap or occur twice",
  CKPT_PICKLE: "the file's description of its tensors (a Python pickle) is malformed",
  CKPT_UNKNOWN_GLOBAL: "the weights could only be read by running code, which is never done",
  CKPT_LIMIT: "the file has more operations, nesting, names or tensors than any checkpoint needs",
  CKPT_MISMATCH: "the checkpoint's tensors are not those of the model",
  NPY_FORMAT: "not a .npy file of a supported kind",
  REPORT_FORMAT: "not a report of the conformance suite",
  NON_FINITE: "a NaN or an infinity where finite numbers are needed",
  RUNTIME_OLD: "this version of Node is too old",
  PORT_UNAVAILABLE: "the port that was asked for cannot be listened on",
  GOLDEN_CHANGED: "a reference file of the conformance suite is not the one that was released",
  DEVICE_ABSENT: "the device that was asked for is not available here",
  DEVICE_FAILED: "the device reported an error",
  DEVICE_LOST: "the GPU was taken away: driver reset, sleep, or its owner destroyed it",
  DEVICE_SELF_TEST: "the device computes wrong results",
  DEVICE_MEMORY: "the work does not fit into the device's memory",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A foreign name as messages show it: the first 80 characters of a data: URL, both ends of what is longer than 400. */
export function shownName(name: string): string {
  if (/^data:/i.test(name)) return name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return name.length > 400 ? `${name.slice(0, 100)}...${name.slice(-100)}` : name;
}

/** What would command a terminal, or turn the text around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const CONTROLS = /[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** One line whatever names it holds: long words are cut, line breaks are spaces, control characters are escaped. */
function printable(message: string): string {
  return message
    .replace(/data:\S{90,}|\S{401,}/gi, shownName)
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ")
    .replace(CONTROLS, (c) => {
      const code = c.charCodeAt(0).toString(16);
      return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
    });
}

/** Base of all errors of the package. `message` says what was expected, what was found, where, and what to do. */
export class MaskFeatError extends Error {
  override name = "MaskFeatError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(printable(message), options);
    this.code = code;
  }
}

/** A tensor of the wrong shape: pass one of the shape that the message names. */
export class ShapeError extends MaskFeatError {
  override name = "ShapeError";
}

/** A file of weights that is broken or does not belong to the model: use another file. */
export class CheckpointError extends MaskFeatError {
  override name = "CheckpointError";
}

/** An image that cannot be decoded: skip or replace it. */
export class ImageError extends MaskFeatError {
  override name = "ImageError";
}

/** A wrong option or argument: correct the call. */
export class OptionError extends MaskFeatError {
  override name = "OptionError";
}

/** A file that cannot be read or written: check path, permissions and space. */
export class FileError extends MaskFeatError {
  override name = "FileError";
}

/** NaN or infinity in `tensor` at flat index `index`. */
export class NonFiniteError extends MaskFeatError {
  override name = "NonFiniteError";

  constructor(
    readonly tensor: string,
    readonly index: number,
    value: number,
  ) {
    const range = Number.isNaN(value) ? "" : ", or beyond the 3.4e38 that f32 holds";
    super("NON_FINITE", `${tensor}: element ${index} is ${value}${range}; all numbers must be finite`);
  }
}

/** A device that is absent or failed: choose another one. */
export class DeviceError extends MaskFeatError {
  override name = "DeviceError";
}

/** The GPU was taken away during or before the call, which has no result: make a new model. */
export class DeviceLostError extends DeviceError {
  override name = "DeviceLostError";
}

/** The work needs `bytes` more than the device gives; `hint` says what would fit. */
export class OutOfMemoryError extends DeviceError {
  override name = "OutOfMemoryError";

  constructor(
    message: string,
    readonly bytes: number,
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super("DEVICE_MEMORY", `${message}; ${hint}`, options);
  }
}
