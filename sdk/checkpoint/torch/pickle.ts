/**
 * A reader of Python's pickles, protocols 2 to 5 (https://github.com/python/cpython/blob/main/Lib/pickletools.py), that builds data and
 * calls nothing: a short list of names is understood (calls.ts), every other one stays a marker with its name. Operations, nesting and
 * bytes are bounded.
 */

import type { Fail } from "../fail.js";
import { persistent } from "./calls.js";
import { Machine } from "./machine.js";
import { Dict, SetOf, tuple, type Value } from "./values.js";

const STOP = 0x2e;

/**
 * Reads one pickle from the beginning of `bytes`; gives its value and length.
 * @throws CheckpointError CKPT_PICKLE, CKPT_LIMIT, CKPT_OFFSETS; EndOfPickle if `bytes` end before it
 */
export function unpickle(bytes: Uint8Array, fail: Fail): { value: Value; length: number } {
  const machine = new Machine(bytes, fail);
  if (machine.u8() !== 0x80) machine.malformed("it does not begin with a protocol");
  const protocol = machine.u8();
  if (protocol < 2 || protocol > 5) machine.malformed(`protocol ${protocol}, expected 2 to 5`);
  for (let opcode = machine.u8(); opcode !== STOP; opcode = machine.u8()) {
    machine.charge(1);
    const operation = OPERATIONS.get(String.fromCharCode(opcode));
    if (!operation) return machine.malformed(`unknown operation 0x${opcode.toString(16)} at byte ${machine.at - 1}`);
    operation(machine);
  }
  return { value: machine.last(), length: machine.at };
}

const pair = (m: Machine) => m.popSome(2) as [Value, Value];
const triple = (m: Machine) => m.popSome(3) as [Value, Value, Value];

/** By opcode. What is absent belongs to protocols 0 and 1, to registered extensions, or to buffers outside the file. */
const OPERATIONS = new Map<string, (m: Machine) => void>([
  ["(", (m) => m.mark()],
  ["0", (m) => m.pop()],
  ["1", (m) => m.popMark()],
  ["2", (m) => m.push(m.top())],
  ["N", (m) => m.push(null)],
  ["\x88", (m) => m.push(true)],
  ["\x89", (m) => m.push(false)],
  ["K", (m) => m.push(m.u8())],
  ["M", (m) => m.push(m.u16())],
  ["J", (m) => m.push(m.i32())],
  ["G", (m) => m.push(m.f64())],
  ["\x8a", (m) => m.push(m.integer(m.u8()))],
  ["\x8b", (m) => m.push(m.integer(m.u32()))],
  ["X", (m) => m.push(m.text(m.u32()))],
  ["\x8c", (m) => m.push(m.text(m.u8()))],
  ["\x8d", (m) => m.push(m.text(m.u64()))],
  ["U", (m) => m.push(m.latin1(m.u8()))],
  ["T", (m) => m.push(m.latin1(m.u32()))],
  ["C", (m) => m.push(m.raw(m.u8()))],
  ["B", (m) => m.push(m.raw(m.u32()))],
  ["\x8e", (m) => m.push(m.raw(m.u64()))],
  ["\x96", (m) => m.push(m.raw(m.u64()))],
  ["]", (m) => m.push([])],
  ["l", (m) => m.push(m.popMark())],
  ["a", (m) => m.append([m.pop()])],
  ["e", (m) => m.append(m.popMark())],
  [")", (m) => m.push(tuple([]))],
  ["t", (m) => m.push(tuple(m.popMark()))],
  ["\x85", (m) => m.push(tuple(m.popSome(1)))],
  ["\x86", (m) => m.push(tuple(m.popSome(2)))],
  ["\x87", (m) => m.push(tuple(m.popSome(3)))],
  ["}", (m) => m.push(new Dict())],
  ["s", (m) => m.setItems(m.popSome(2))],
  ["u", (m) => m.setItems(m.popMark())],
  ["\x8f", (m) => m.push(new SetOf())],
  ["\x90", (m) => m.add(m.popMark())],
  ["q", (m) => m.put(m.u8())],
  ["r", (m) => m.put(m.u32())],
  ["\x94", (m) => m.memoize()],
  ["h", (m) => m.get(m.u8())],
  ["j", (m) => m.get(m.u32())],
  ["c", (m) => m.push(m.name(m.line(), m.line()))],
  ["Q", (m) => m.push(persistent(m.pop(), m))],
  ["b", (m) => m.build()],
  ["d", (m) => m.push(m.fill(new Dict(), m.popMark()))],
  ["\x91", (m) => m.push(new SetOf(m.popMark()))],
  ["R", (m) => m.reduce(...pair(m))],
  ["\x81", (m) => m.reduce(...pair(m))],
  ["\x92", (m) => m.reduceNamed(...triple(m))],
  ["\x93", (m) => m.push(m.name(...pair(m)))],
  ["i", (m) => m.reduce(m.name(m.line(), m.line()), tuple(m.popMark()))],
  ["o", (m) => m.instance(m.popMark())],
  ["\x95", (m) => void m.take(8)],
]);
