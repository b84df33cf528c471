/** How far a command is, on stderr: a bar on a terminal, elsewhere a line every ten seconds. */

import { whole } from "../report/text.js";

/** Milliseconds between two lines if stderr is no terminal. */
const APART = 10_000;

/** What is counted. */
export type Unit = "" | "%" | "MB";

export class Progress {
  private shown = false;
  private what = "";
  private started = 0;
  private told = 0;

  /** `write` puts text on stderr; `isTerminal` says whether a person looks on. */
  constructor(
    private readonly write: (text: string) => void,
    private readonly isTerminal: () => boolean,
    private readonly now = () => performance.now(),
  ) {}

  /** `done` of `total`, of which `before` were done when the work began. */
  show(what: string, done: number, total: number, before = 0, unit: Unit = ""): void {
    if (what !== this.what) {
      this.what = what;
      this.started = this.told = this.now();
    }
    const text = `${amount(done, total, unit)}${pace(done, total, before, this.now() - this.started, unit)}`;
    if (this.isTerminal()) {
      const filled = total > 0 ? Math.round((20 * done) / total) : 0;
      this.write(`\r\x1b[2K${what} ${"█".repeat(filled)}${"░".repeat(20 - filled)} ${text}`);
      this.shown = true;
    } else if (this.now() - this.told >= APART) {
      this.told = this.now();
      this.write(`maskfeat-wgpu: ${what}: ${text}\n`);
    }
  }

  /** Takes the bar away before something else is written. */
  clear(): void {
    if (this.shown) this.write("\r\x1b[2K");
    this.shown = false;
  }
}

function amount(done: number, total: number, unit: Unit): string {
  if (unit === "%") return `${done} %`;
  return `${whole(done)} of ${whole(total)}${unit && ` ${unit}`}`;
}

/** ", 12.5/s, 40 s left", as soon as it can be known. */
function pace(done: number, total: number, before: number, ms: number, unit: Unit): string {
  const rate = (done - before) / (ms / 1000);
  if (ms < 1000 || !(rate > 0)) return "";
  const speed = unit === "%" ? "" : `, ${rate < 10 ? rate.toFixed(1) : whole(Math.round(rate))}${unit && ` ${unit}`}/s`;
  return `${speed}, ${duration((total - done) / rate)} left`;
}

/** "40 s", "3 min", "2 h 5 min" */
function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 2) return `${Math.round(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
