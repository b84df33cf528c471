/** Reads fields of an untrusted JSON object; every refusal names the file, the field and what was found. */

import { OptionError } from "../../../gpu/errors.js";
import { presetChoices } from "../presets.js";

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const isNothing = (value: unknown) => !value || (typeof value === "object" && Object.keys(value).length === 0);

export class Fields {
  private readonly asked = new Set<string>();

  constructor(
    /** For messages: "config.json". */
    private readonly file: string,
    private readonly json: object,
  ) {}

  /** The value of a field of the object itself; undefined if it is absent or null. */
  get(name: string): unknown {
    this.asked.add(name);
    return (Object.hasOwn(this.json, name) ? (this.json as Record<string, unknown>)[name] : undefined) ?? undefined;
  }

  number(name: string, byDefault?: number): number {
    const value = this.get(name) ?? byDefault ?? this.unknown(name);
    return isNumber(value) ? value : this.bad(name, "a number");
  }

  bool(name: string, byDefault: boolean): boolean {
    const value = this.get(name) ?? byDefault;
    return typeof value === "boolean" ? value : this.bad(name, "true or false");
  }

  /** One of the keys of `choices`, as what it stands for. */
  choice<T>(name: string, choices: Readonly<Record<string, T>>, byDefault?: string | number): T {
    const value = this.get(name) ?? byDefault ?? this.unknown(name);
    const key = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return Object.hasOwn(choices, key) ? choices[key] : this.bad(name, `one of ${Object.keys(choices).join(", ")}`);
  }

  /** Three numbers, one for each channel; one number stands for three. */
  colours(name: string, byDefault?: number): [number, number, number] {
    const given = this.get(name) ?? byDefault ?? this.unknown(name);
    const value = Array.isArray(given) ? given : [given, given, given];
    const fine = value.length === 3 && value.every(isNumber);
    return fine ? (value as [number, number, number]) : this.bad(name, "three numbers");
  }

  object(name: string): Fields | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    return typeof value === "object" && !Array.isArray(value)
      ? new Fields(`${this.file}: ${name}`, value as object)
      : this.bad(name, "an object");
  }

  /**
   * Refuses a field that may change the result: it was never read, it does not match `harmless`, and its value is not that of `plain`, or, for
   * a field that is not there, none (null, false, 0, or empty).
   * @throws OptionError naming it
   */
  only(harmless: RegExp, plain: Readonly<Record<string, unknown>> = {}): void {
    for (const name of this.keys()) {
      if (this.asked.has(name) || harmless.test(name) || this.get(name) === undefined) continue;
      const [value, same] = [this.get(name), plain[name]];
      if (same !== undefined ? value !== same : !isNothing(value)) {
        this.bad(name, same === undefined ? "left out, as it may change the result" : `${same}`);
      }
    }
  }

  /** Names by index: an array, or an object whose keys are the indices. Undefined where absent. */
  names(name: string): string[] | undefined {
    const given = this.get(name);
    const names = Array.isArray(given) ? new Fields("", given) : this.object(name);
    const all = names?.keys().map((_, i) => names.get(String(i)));
    return all?.every((one) => typeof one === "string") === false
      ? this.bad(name, "names by numbers from 0")
      : (all as string[] | undefined);
  }

  keys(): string[] {
    return Object.keys(this.json);
  }

  bad(name: string, what: string): never {
    const found = JSON.stringify(this.get(name))?.slice(0, 200);
    throw new OptionError("OPT_VALUE", `${this.file}: ${name} must be ${what}, got ${found}`);
  }

  /** The file does not say it, and nothing else does. */
  unknown(what: string): never {
    const fix = `give a preset where they are those of one: ${presetChoices()}`;
    throw new OptionError("OPT_MISSING", `${this.file}: ${what} is missing; ${fix}`);
  }
}

/** Statistics on the scale 0 to 1 on that of bytes, without the noise of the product's last bits. */
export function onBytes(values: readonly [number, number, number], factor = 1 / 255): [number, number, number] {
  return values.map((v) => Number((v / factor).toPrecision(12))) as [number, number, number];
}
