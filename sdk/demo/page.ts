/** The demo in the browser: loads the model, takes images, shows what is computed of them. */

import { version } from "../../package.json";
import { Card } from "./card.js";
import { type Client, connect, WorkError } from "./client.js";
import { byId, h, urlOf } from "./dom.js";
import { showFacts } from "./facts.js";
import { watchInputs } from "./inputs.js";
import { Item, matrix } from "./item.js";
import { heatMap } from "./maps.js";
import type { Calls, Facts } from "./protocol.js";

const ui = {
  facts: byId("facts", HTMLElement),
  deviceProblem: byId("device-problem", HTMLElement),
  untrained: byId("untrained", HTMLElement),
  status: byId("status", HTMLElement),
  progress: byId("progress", HTMLProgressElement),
  problems: byId("problems", HTMLElement),
  problemList: byId("problem-list", HTMLElement),
  clear: byId("clear", HTMLButtonElement),
  similarity: byId("similarity-section", HTMLElement),
  maps: byId("maps", HTMLElement),
  cardsSection: byId("cards-section", HTMLElement),
  cards: byId("cards", HTMLElement),
};

class Page {
  private readonly cards = new Map<Item, Card>();
  private facts?: Facts;
  /** Counts loads: what an older one started is of no interest any more. */
  private load = 0;
  private numbers = 0;
  private busy = false;

  constructor(private readonly client: Client) {}

  private get done(): Item[] {
    return [...this.cards.keys()].filter((item) => item.result);
  }

  /** Loads the model on a device, then computes all images anew. */
  async open(device: Calls["load"]["argument"]): Promise<void> {
    const mine = ++this.load;
    this.facts = undefined;
    for (const [item, card] of this.cards) {
      item.forget();
      card.wait();
    }
    this.showSimilarity();
    ui.deviceProblem.hidden = true;
    ui.facts.setAttribute("aria-busy", "true");
    this.say("Loading the model", 0);
    try {
      const facts = await this.client.call("load", device, (ratio) => this.say("Loading the model", ratio));
      if (mine !== this.load) return;
      this.facts = facts;
      ui.facts.removeAttribute("aria-busy");
      ui.untrained.hidden = facts.trained;
      this.showFacts();
      this.say("The model is ready: add images.");
      await this.work();
    } catch (error) {
      if (mine === this.load) this.lose(error);
    }
  }

  add(files: readonly File[]): void {
    for (const file of files) {
      const item = new Item(this.numbers++, file);
      const card = new Card(item, { remove: () => this.remove(item), newMask: () => this.newMask(item) });
      this.cards.set(item, card);
      ui.cards.append(card.element);
    }
    this.showCards();
    void this.work();
  }

  clear(): void {
    for (const item of [...this.cards.keys()]) this.drop(item);
    this.numbers = 0;
    ui.problems.hidden = true;
    ui.problemList.replaceChildren();
    this.showSimilarity();
    this.showCards();
    this.say("");
  }

  problem(name: string, error: unknown): void {
    // messages about a file begin with its name
    const text = describe(error).replace(`${name}: `, "");
    ui.problemList.append(h("li", {}, h("strong", {}, name), `: ${text}`));
    ui.problems.hidden = false;
    ui.clear.disabled = false;
  }

  private remove(item: Item): void {
    const next = this.cards.get(item)?.element.nextElementSibling ?? ui.cards.firstElementChild;
    this.drop(item);
    this.showSimilarity();
    this.showCards();
    this.say(`${item.name} is removed.`);
    const focus = next?.isConnected ? next.querySelector("button") : document.getElementById("files");
    focus?.focus();
  }

  private drop(item: Item): void {
    this.cards.get(item)?.element.remove();
    this.cards.delete(item);
  }

  private async newMask(item: Item): Promise<void> {
    if (!item.result) return;
    item.seed++;
    const masked = await this.client.call("mask", { seen: item.result.seen, seed: item.seed });
    this.cards.get(item)?.showMask(masked);
  }

  /** Computes, one after the other, the images that wait for it. */
  private async work(): Promise<void> {
    if (this.busy || !this.facts || this.done.length === this.cards.size) return;
    this.busy = true;
    const mine = this.load;
    const waiting = () => [...this.cards.keys()].filter((item) => !item.result);
    for (let item = waiting()[0]; item && mine === this.load; item = waiting()[0]) {
      const all = this.cards.size;
      this.say(`Computing ${item.name}, ${all - waiting().length + 1} of ${all}`, (all - waiting().length) / all);
      await this.compute(item, mine);
    }
    this.busy = false;
    // another device was chosen meanwhile, and its model may be there already
    if (mine !== this.load) return this.work();
    this.showSimilarity();
    this.showFacts();
    this.showCards();
    if (this.done.length === 0) this.say("No images.");
    else this.say(this.done.length === 1 ? "1 image is done." : `${this.done.length} images are done.`);
  }

  private async compute(item: Item, load: number): Promise<void> {
    try {
      const result = await this.client.call("embed", item.file);
      const masked = await this.client.call("mask", { seen: result.seen, seed: item.seed });
      if (load !== this.load) return;
      item.result = result;
      item.thumbnail = urlOf(result.thumbnail);
      this.cards.get(item)?.show(result, masked);
    } catch (error) {
      if (load !== this.load) return;
      if (isOfDevice(error)) {
        this.lose(error);
        return;
      }
      if (this.cards.has(item)) this.problem(item.name, error);
      this.drop(item);
    }
  }

  /** Nothing computes any more; the images wait until another device is chosen. */
  private lose(error: unknown): void {
    this.load++;
    this.facts = undefined;
    ui.facts.removeAttribute("aria-busy");
    ui.facts.replaceChildren();
    showProblem(`${describe(error)} Choose a device above.`);
    this.say("No device is open.");
  }

  private showSimilarity(): void {
    const items = this.done;
    ui.similarity.hidden = items.length < 2;
    const maps =
      items.length < 2
        ? []
        : [
            heatMap("By embedding", items, matrix(items, "embedding")),
            heatMap("By HOG features", items, matrix(items, "hog")),
          ];
    ui.maps.replaceChildren(...maps);
    for (const item of items) this.cards.get(item)?.showNeighbours(items);
  }

  private showCards(): void {
    ui.cardsSection.hidden = this.cards.size === 0;
    ui.clear.disabled = this.cards.size === 0 && ui.problems.hidden;
  }

  private showFacts(): void {
    if (!this.facts) return;
    const times = this.done.flatMap(({ result }) => result?.ms ?? []);
    showFacts(ui.facts, this.facts, times, this.client.reason);
  }

  /** Tells what goes on; `ratio` where it is known how far it is. */
  private say(text: string, ratio?: number): void {
    ui.status.textContent = text;
    ui.progress.hidden = ratio === undefined;
    ui.progress.value = ratio ?? 0;
  }
}

function describe(error: unknown): string {
  const { message } = error as Error;
  return error instanceof WorkError && error.code ? `${message} (${error.code}).` : `${message}.`;
}

/** Whether an error is the device's, or of nothing that we know, rather than the file's. */
function isOfDevice(error: unknown): boolean {
  const code = error instanceof WorkError ? error.code : undefined;
  return code === undefined || code.startsWith("DEVICE_");
}

function showProblem(text: string): void {
  ui.deviceProblem.textContent = text;
  ui.deviceProblem.hidden = false;
}

byId("version", HTMLElement).textContent = `maskfeat-wgpu ${version}`;
try {
  watchInputs(new Page(await connect()));
} catch (error) {
  showProblem(`The page cannot start: ${describe(error)}`);
}
