// Takes times: the median of many runs, and how far the middle half of them spreads.

/** Row `{ name, medianMs, spread }`: milliseconds of one call of `work`, and the distance between the quartiles relative to it. */
export async function measure(name, work, { runs = 200, warmUps = 20 } = {}) {
  for (let i = 0; i < warmUps; i++) await work();
  const times = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const quartile = (k) => times[Math.floor((k * (runs - 1)) / 4)];
  return { name, medianMs: quartile(2), spread: (quartile(3) - quartile(1)) / quartile(2) };
}
