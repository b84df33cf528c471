/** Where the host's heap may begin: behind the module's own static data. */
export function heapBase(): usize {
  return __heap_base;
}
