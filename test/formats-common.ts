/** What the tables of file formats share. */

/**
 * Name; what the reference implementation does with the file; our answer ("none" where it is read, else the error's code); the file, as
 * Latin-1; why we differ, where we do.
 */
export type FormatRow = readonly [string, "read" | "refused", string, string, string?];

export const LIMITS = "sizes are exact integers of f64, up to 2^53";

export const latin = (bytes: Uint8Array) => String.fromCharCode(...bytes);
