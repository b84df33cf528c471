// `npm run mutants`: tests the conformance suite by faults. Every mutant must fail at its level.
// `-- --quick` runs those that npm test runs, `-- NAME` those of a name (* stands for anything), `-- --json` prints JSON.
import { matcher } from "./bench/options.mjs";
import { gatherMutants, tryMutant, tryUnmutated } from "./mutate.mjs";

/** Mutants at a time: each is a process that computes on one thread. */
const AT_A_TIME = 2;

const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const [pattern] = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const [quick, json] = ["--quick", "--json"].map((flag) => flags.includes(flag));

const isWanted = matcher(pattern);
const say = (text) => json || console.log(text);

function line({ name, level, device, ms, skipped, caught, use, failed, cases, why }) {
  const found = skipped
    ? `skipped: ${skipped}`
    : caught
      ? `${caught}${use === undefined ? "" : `, use ${use.toPrecision(3)} (${failed} of ${cases} failed)`}`
      : `SURVIVED: ${why} (${cases} cases)`;
  return `${level} ${device.padEnd(6)} ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${name}: ${found}`;
}

async function main() {
  const mutants = await gatherMutants();
  const wanted = mutants.filter((mutant) => (!quick || mutant.quick) && isWanted(mutant.name));
  if (wanted.length === 0) throw new Error(`no mutant is called ${pattern}`);
  const started = performance.now();
  const wrong = await tryUnmutated(wanted);
  const unmutatedMs = performance.now() - started;
  say(`   unmutated: ${wrong.length === 0 ? "all cases pass" : "FAILED"}, ${(unmutatedMs / 1000).toFixed(1)} s`);
  for (const what of wrong) say(`   ${what}`);
  const outcomes = [];
  const queue = [...wanted];
  const work = async () => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const outcome = await tryMutant(mutant);
      outcomes.push(outcome);
      say(line(outcome));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  const survived = outcomes.filter((o) => !o.caught && !o.skipped).map((o) => o.name);
  const skipped = outcomes.filter((o) => o.skipped).length;
  const ms = performance.now() - started;
  if (json) console.log(JSON.stringify({ unmutated: wrong, survived, mutants: outcomes, ms }, undefined, 1));
  say(
    `${outcomes.length - survived.length - skipped} of ${outcomes.length} caught, ${skipped} skipped, ${(ms / 1000).toFixed(0)} s`,
  );
  for (const name of survived) say(`survived: ${name}`);
  process.exitCode = wrong.length + survived.length > 0 ? 1 : 0;
}

main().catch((error) => {
  process.stderr.write(`mutants: ${error.message}\n`);
  process.exitCode = 1;
});
