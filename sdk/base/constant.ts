/** Constants that bundlers can leave out. */

/**
 * What `make` returns. Bundlers keep a computed constant even if nothing reads it, because computing might do something else; a call of this
 * function they leave out.
 */
/* @__NO_SIDE_EFFECTS__ */
export function constant<T>(make: () => T): T {
  return make();
}
