/** The exports of the data side: pixels, resize, HOG, masks, random numbers, half precision. */
export * from "./cubic";
export * from "./half";
export * from "./hog";
export * from "./mask";
export * from "./memory";
export * from "./picture";
export * from "./pixels";
export * from "./resize";
export * from "./rng";
