// Mutants of pickles: of their operations, one by one.
import { joined, latin1, little, mutatedList, number, pick, put } from "./random.mjs";

/** Opcodes by what stands behind each: so many bytes, a length of so many bytes and as many bytes as it says ("s4"), or lines ("l2"). */
const OPCODES = {
  0: "(.012N\x88\x89]lae)t\x85\x86\x87}dsu\x8f\x90\x91\x94R\x81\x92\x93Qbo",
  1: "\x80Kqh",
  2: "M",
  4: "Jrj",
  8: "G\x95",
  s1: "\x8a\x8cUC",
  s4: "\x8bXTB",
  s8: "\x8d\x8e\x96",
  l2: "ci",
};
const operations = Object.entries(OPCODES).flatMap(([kind, opcodes]) => {
  const [, type, width] = /(\D?)(\d)/.exec(kind);
  return [...latin1(opcodes)].map((opcode) => ({ opcode, type, width: Number(width) }));
});
const byOpcode = new Map(operations.map((operation) => [operation.opcode, operation]));

/** The operations of one pickle, as byte arrays. */
export function tokens(bytes, start = 0) {
  const found = [];
  for (let at = start; at < bytes.length; ) {
    const operation = byOpcode.get(bytes[at]);
    if (!operation) throw new Error(`opcode ${bytes[at]} of a checkpoint that torch wrote`);
    const { type, width } = operation;
    let end = at + 1;
    if (type === "l") for (let i = 0; i < width; i++) end = bytes.indexOf(10, end) + 1;
    else end += width;
    if (type === "s") end += bytes.subarray(at + 1, at + 1 + width).reduceRight((sum, byte) => sum * 256 + byte, 0);
    found.push(bytes.subarray(at, end));
    if (bytes[at] === 0x2e) break;
    at = end;
  }
  return found;
}

const WORDS = "state_dict model meta storage cpu 0 1 __proto__ constructor module.a module latin1 f8".split(" ");
const TEXTS = [...WORDS, "", "\xff\xfe", "x".repeat(300)];
const GLOBALS =
  `torch._utils._rebuild_tensor_v2 torch._utils._rebuild_parameter collections.OrderedDict torch.FloatStorage
  torch.HalfStorage torch.EvilStorage torch.Size os.system builtins.eval numpy.dtype numpy.core.multiarray.scalar
  _codecs.encode`.split(/\s+/);
const LINES = [...GLOBALS.map((name) => name.replace(/\.(\w+)$/, "\n$1\n")), "a\nb"];

/** An operation with an argument that may be right; one in four is a text, one in six of the others a global. */
function operation(roll) {
  const common = roll(4) === 0 ? "X" : roll(6) === 0 ? "c" : undefined;
  const { opcode, type, width } = common ? byOpcode.get(common.charCodeAt(0)) : pick(roll, operations);
  if (type === "l") return joined([little(1, opcode), latin1(pick(roll, LINES))]);
  if (type === "") return joined([little(1, opcode), little(width, roll(2) ? roll(12) : number(roll))]);
  const value = latin1(pick(roll, TEXTS));
  return joined([little(1, opcode), little(width, roll(8) === 0 ? number(roll) : value.length), value]);
}

const CALL = latin1("cos\nsystem\n)R");

/** An operation with another argument. */
function change(roll, token) {
  const kind = roll(4);
  if (kind === 0) return joined([CALL, token]);
  if (token.length < 2) return token;
  const changed = Uint8Array.from(token);
  if (kind === 1) put(changed, 1, Math.min(4, changed.length - 1), number(roll));
  else changed[1 + roll(changed.length - 1)] = kind === 2 ? roll(8) : roll(256);
  return changed;
}

export const mutatedPickle = (roll, bytes) =>
  joined(mutatedList(roll, tokens(bytes), { fresh: operation, change, repeats: 2000 }));
