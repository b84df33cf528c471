/**
 * The names of ImageNet's 1000 classes (ILSVRC 2012), in the order of the labels and as mmpretrain has them: all synonyms of a class, with
 * commas between them.
 */

// Only this list of Google's package is used; `overrides` of package.json put a small package in place of its run-time peers.
import { IMAGENET_CLASSES } from "@tensorflow-models/mobilenet/dist/imagenet_classes.js";

/** The one name that is spelt otherwise there: "jelly fish". */
const JELLYFISH = 107;

/** Names by label, 0 to 999; two of them are the same ("crane", the bird and the machine). */
export const imagenetClasses: readonly string[] = Array.from({ length: 1000 }, (_, label) =>
  label === JELLYFISH ? "jellyfish" : IMAGENET_CLASSES[label],
);
