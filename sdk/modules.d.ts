/** Binary modules and kernels: the bundler and the test runner give their bytes and their text. */
declare module "*.wasm" {
  const bytes: Uint8Array;
  export default bytes;
}

declare module "*.wgsl" {
  const source: string;
  export default source;
}
