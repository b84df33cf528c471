// Text tables: a few columns, numbers to three significant digits, in Markdown so that they can be pasted.

/** "0.0123", "12.3", "1230". */
function text(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "number") return String(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `columns`: header -> the cell of a row. Columns without any cell are left out. */
export function table(rows, columns) {
  if (rows.length === 0) return "nothing was measured";
  const shown = Object.entries(columns).filter(([, cell]) => rows.some((row) => text(cell(row)) !== ""));
  const isNumber = ([, cell]) => rows.every((row) => ["number", "undefined"].includes(typeof cell(row)));
  const cells = [shown.map(([header]) => header), ...rows.map((row) => shown.map(([, cell]) => text(cell(row))))];
  const widths = shown.map((_, i) => Math.max(3, ...cells.map((line) => line[i].length)));
  const numeric = shown.map(isNumber);
  const line = (values, pad = " ") =>
    `| ${values.map((v, i) => (numeric[i] ? v.padStart(widths[i], pad) : v.padEnd(widths[i], pad))).join(" | ")} |`;
  const rule = line(numeric.map((right, i) => (right ? `${"-".repeat(widths[i] - 1)}:` : "-".repeat(widths[i]))));
  return [line(cells[0]), rule, ...cells.slice(1).map((values) => line(values))].join("\n");
}

const MB = (bytes) => bytes && bytes / 2 ** 20;
export const percent = (share) => share && `${text(100 * share)} %`;

/** Where a row was measured, in words. */
export function placeOf({ device, variant, dtype, threads }) {
  const count = threads && `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const words = new Set([device, ...variant.split(" "), dtype]);
  return `${[...words].join(" ")}${count ?? ""}`;
}

/** What most tables show of a row. */
export const basics = {
  work: (row) => row.name,
  device: (row) => row.device,
  variant: (row) => row.variant,
  dtype: (row) => row.dtype,
  threads: (row) => row.threads,
  "median ms": (row) => row.medianMs,
  spread: (row) => percent(row.spread),
  "best ms": (row) => row.bestMs,
};

export const memory = { "peak MiB": (row) => MB(row.peakBytes) };
