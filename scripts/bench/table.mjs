// Text tables: a few columns, numbers to three significant digits, in Markdown so that they can be pasted.

/** "0.0123", "12.3", "1230". */
function text(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "number") return String(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `columns`: header -> the name of a row's value, or the cell of a row. Columns without any cell are left out. */
export function table(rows, columns) {
  if (rows.length === 0) return "nothing was measured";
  const all = Object.entries(columns).map(([header, of]) => {
    const cells = rows.map(typeof of === "string" ? (row) => row[of] : of);
    const texts = cells.map(text);
    const width = Math.max(3, header.length, ...texts.map(({ length }) => length));
    return { header, texts, width, numeric: cells.every((cell) => ["number", "undefined"].includes(typeof cell)) };
  });
  const shown = all.filter(({ texts }) => texts.some((cell) => cell !== ""));
  const line = (cellOf) => {
    const cells = shown.map((column) => {
      return column.numeric ? cellOf(column).padStart(column.width) : cellOf(column).padEnd(column.width);
    });
    return `| ${cells.join(" | ")} |`;
  };
  const rule = ({ width, numeric }) => (numeric ? ":" : "-").padStart(width, "-");
  return [line(({ header }) => header), line(rule), ...rows.map((_, i) => line(({ texts }) => texts[i]))].join("\n");
}

/** A column of bytes, in MiB. */
export const MiB = (key) => (row) => row[key] && row[key] / 2 ** 20;
export const percent = (share) => share && `${text(100 * share)} %`;

/** Where a row was measured, in words. */
export function placeOf({ device, variant, dtype, threads }) {
  const count = threads && `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const words = new Set([device, ...variant.split(" "), dtype]);
  return `${[...words].join(" ")}${count ?? ""}`;
}

const spread = (row) => percent(row.spread);
/** What most tables show of a row: its times, and where they were taken. */
export const times = { "median ms": "medianMs", spread, "best ms": "bestMs" };
export const basics = {
  work: "name",
  device: "device",
  variant: "variant",
  dtype: "dtype",
  threads: "threads",
  ...times,
};
