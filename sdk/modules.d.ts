/** Binary modules: the bundler and the test runner give their bytes. */
declare module "*.wasm" {
  const bytes: Uint8Array;
  export default bytes;
}
