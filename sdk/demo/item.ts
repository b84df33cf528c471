/** An image of the page: its file, what was computed of it, and its similarity to the others. */

import { cosine } from "../report/similarity.js";
import type { Embedded } from "./protocol.js";

export type Features = "embedding" | "hog";

export class Item {
  result?: Embedded;
  /** Data URL of the thumbnail. */
  thumbnail = "";
  /** Of its mask. */
  seed: number;
  private readonly known = new Map<Item, Record<Features, number>>();

  /** `number` is its own on this page. */
  constructor(
    readonly number: number,
    readonly file: File,
  ) {
    this.seed = number;
  }

  get name(): string {
    return this.file.name;
  }

  /** Computed on another device, or not yet. */
  forget(): void {
    this.result = undefined;
    this.known.clear();
  }

  similarity(other: Item, features: Features): number {
    const [a, b] = [this.result!, other.result!];
    let pair = this.known.get(other);
    if (!pair) {
      pair = { embedding: cosine(a.embedding, b.embedding), hog: cosine(a.hog, b.hog) };
      this.known.set(other, pair);
      other.known.set(this, pair);
    }
    return pair[features];
  }
}

/** Similarity of every pair of items that are done. */
export function matrix(items: readonly Item[], features: Features): number[][] {
  return items.map((a) => items.map((b) => a.similarity(b, features)));
}
