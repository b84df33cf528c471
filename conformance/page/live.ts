/** What is seen of a run while it runs: a bar, the case that is done, and a cell for each result. */

import { byId, elementOf } from "../../sdk/demo/dom.js";
import { html } from "../../sdk/report/page.js";
import { shade } from "../views/charts.js";
import { count, whole } from "../views/summary.js";
import type { Progress } from "./work.js";

const ui = {
  box: byId("live", HTMLElement),
  status: byId("status", HTMLElement),
  current: byId("current", HTMLElement),
  progress: byId("progress", HTMLProgressElement),
  strip: byId("strip", HTMLElement),
};

export class Live {
  private wrong = 0;
  private last?: Progress;

  /** Shows what begins. */
  begin(): void {
    this.wrong = 0;
    this.last = undefined;
    ui.strip.replaceChildren();
    ui.box.hidden = false;
    ui.progress.hidden = false;
    // without a value, the bar says that something goes on
    ui.progress.removeAttribute("value");
    this.say("Opening the device …", "");
  }

  add(progress: Progress): void {
    if (!this.last) this.say("Running …", "");
    this.last = progress;
    const { done, total, id, status } = progress;
    if (status === "failed") this.wrong++;
    ui.strip.append(elementOf(html`<i class="${shade(progress)}" title="${id}"></i>`));
    ui.progress.max = total;
    ui.progress.value = done;
    ui.current.textContent = `${this.reached}${this.wrong > 0 ? `, ${whole(this.wrong)} failed` : ""} · ${id}`;
  }

  /** The status is read out; the case that is done, which changes many times a second, is not. */
  say(status: string, current: string): void {
    ui.status.textContent = status;
    ui.current.textContent = current;
  }

  /** "42 of 300 cases" */
  get reached(): string {
    return this.last ? `${whole(this.last.done)} of ${count(this.last.total, "case")}` : "the first case";
  }

  /** `keep`: the cells stay, because no report shows them. */
  end(status: string, keep: boolean): void {
    ui.progress.hidden = true;
    if (!keep) ui.strip.replaceChildren();
    this.say(status, "");
  }
}
