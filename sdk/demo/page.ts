/** The demo in the browser: loads the model, takes images, shows what is computed of them. */

import { type About, facts, heatMaps, similarityOf } from "../report/images.js";
import { html } from "../report/page.js";
import { Card } from "./card.js";
import { type Client, connect, WorkError } from "./client.js";
import { byId, elementOf, fill } from "./dom.js";
import { watchInputs } from "./inputs.js";
import type { Calls } from "./protocol.js";

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
  private readonly cards = new Set<Card>();
  private about?: About;
  /** Counts loads: what an older one started is of no interest any more. */
  private load = 0;
  private numbers = 0;
  private busy = false;

  constructor(private readonly client: Client) {}

  private get done(): Card[] {
    return [...this.cards].filter((card) => card.result);
  }

  /** Loads the model on a device, then computes all images again. */
  async open(device: Calls["load"]["argument"]): Promise<void> {
    const mine = ++this.load;
    this.about = undefined;
    for (const card of this.cards) card.wait();
    this.showSimilarity();
    ui.deviceProblem.hidden = true;
    ui.facts.setAttribute("aria-busy", "true");
    this.say("Loading the model", 0);
    try {
      const about = await this.client.call("load", device, (ratio) => this.say("Loading the model", ratio));
      if (mine !== this.load) return;
      this.about = about;
      ui.facts.removeAttribute("aria-busy");
      ui.untrained.hidden = about.trained;
      this.showFacts();
      this.say("The model is ready: add images.");
      await this.work();
    } catch (error) {
      if (mine === this.load) this.lose(error);
    }
  }

  add(files: readonly File[]): void {
    for (const file of files) {
      const actions = { remove: () => this.remove(card), newMask: () => this.newMask(card) };
      const card = new Card(this.numbers++, file, actions);
      this.cards.add(card);
      ui.cards.append(card.element);
    }
    this.showCards();
    void this.work();
  }

  clear(): void {
    for (const card of this.cards) this.drop(card);
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
    ui.problemList.append(elementOf(html`<li><strong>${name}</strong>: ${text}</li>`));
    ui.problems.hidden = false;
    ui.clear.disabled = false;
  }

  private remove(card: Card): void {
    const next = card.element.nextElementSibling ?? ui.cards.firstElementChild;
    this.drop(card);
    this.showSimilarity();
    this.showCards();
    this.say(`${card.name} is removed.`);
    const focus = next?.isConnected ? next.querySelector("button") : document.getElementById("files");
    focus?.focus();
  }

  private drop(card: Card): void {
    card.element.remove();
    this.cards.delete(card);
  }

  private async newMask(card: Card): Promise<void> {
    if (!card.result) return;
    card.seed++;
    card.showMask(await this.client.call("mask", { seen: card.result.seen, seed: card.seed }));
  }

  /** Computes, one after the other, the images that wait for it. */
  private async work(): Promise<void> {
    if (this.busy || !this.about || this.done.length === this.cards.size) return;
    this.busy = true;
    const mine = this.load;
    const waiting = () => [...this.cards].find((card) => !card.result);
    for (let card = waiting(); card && mine === this.load; card = waiting()) {
      const [done, all] = [this.done.length, this.cards.size];
      this.say(`Computing ${card.name}, ${done + 1} of ${all}`, done / all);
      await this.compute(card, mine);
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

  private async compute(card: Card, load: number): Promise<void> {
    try {
      const result = await this.client.call("embed", card.file);
      const masked = await this.client.call("mask", { seen: result.seen, seed: card.seed });
      if (load === this.load) card.show(result, masked);
    } catch (error) {
      if (load !== this.load) return;
      if (isOfDevice(error)) {
        this.lose(error);
        return;
      }
      if (this.cards.has(card)) this.problem(card.name, error);
      this.drop(card);
    }
  }

  /** Nothing computes any more; the images wait until another device is chosen. */
  private lose(error: unknown): void {
    this.load++;
    this.about = undefined;
    ui.facts.removeAttribute("aria-busy");
    ui.facts.replaceChildren();
    showProblem(`${describe(error)} Choose a device above.`);
    this.say("No device is open.");
  }

  private showSimilarity(): void {
    const cards = this.done;
    const similarity = similarityOf(cards.map(({ result }) => result!));
    ui.similarity.hidden = cards.length < 2;
    fill(ui.maps, ...(cards.length < 2 ? [] : heatMaps(cards, similarity)));
    for (const card of cards) card.showNeighbours(cards, similarity);
  }

  private showCards(): void {
    ui.cardsSection.hidden = this.cards.size === 0;
    ui.clear.disabled = this.cards.size === 0 && ui.problems.hidden;
  }

  private showFacts(): void {
    if (!this.about) return;
    const times = this.done.flatMap(({ result }) => result?.ms ?? []);
    fill(ui.facts, facts(this.about, times, this.client.reason));
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

try {
  watchInputs(new Page(await connect()));
} catch (error) {
  showProblem(`The page cannot start: ${describe(error)}`);
}
