/** Constants that bundlers can leave out. */

/**
 * Returns `make()`. Bundlers keep a computed constant that nothing reads, because computing it might have effects. They drop a call of
 * this function, because its annotation says that it has none.
 */
/* @__NO_SIDE_EFFECTS__ */
export function constant<T>(make: () => T): T {
  return make();
}
