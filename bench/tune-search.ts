import { fewestServers } from '../src/tuning/model.ts';
import { BoundarySearch, wholeSteps } from '../src/tuning/search.ts';
import { type Draw, drawn } from './draws.ts';

/** One search: what it answers, and in how many trials. */
interface Outcome {
  readonly answer: number;
  readonly trials: number;
}

/** Whether a trial at a value says that it holds. */
type Trial = (at: number) => boolean;

/** A service whose smallest limit is known, and what a search knows of it beforehand. */
interface Case {
  readonly truth: number;
  readonly guess: number;
}

const lowest = 1;
const highest = 1_000;
const falseShare = 0.03;

/** Searches on a closed form: every verdict is what the model says, but for a share that is turned around. */
export function simulate(searches: number, seed: number): void {
  console.log(
    `${searches} searches each for the smallest of ${lowest} to ${highest}, ${falseShare * 100} % of the verdicts false either way, seed ${seed}`,
  );
  console.log(
    '  method                                    within 5 %   trials: mean   95th   most   of a grid',
  );
  const rows = Object.entries(methods).map(([name, method]) => ({
    name,
    ...measure(method, searches, seed),
  }));
  const sufficient = rows.filter(({ name, good }) => name.startsWith('grid') && good >= enough * searches);
  const grid = Math.min(...sufficient.map(({ mean }) => mean));
  for (const { name, good, mean, p95, most } of rows) {
    console.log(
      `  ${name.padEnd(40)} ${((100 * good) / searches).toFixed(1).padStart(9)} % ${mean.toFixed(1).padStart(14)} ${String(p95).padStart(6)} ${String(most).padStart(6)} ${`${((100 * mean) / grid).toFixed(1)} %`.padStart(14)}`,
    );
  }
  console.log('  of a grid: of the trials of the smallest one that is within 5 % in 95 of 100');
}

const enough = 0.95;

const methods: Readonly<Record<string, (trial: Trial, guess: number) => Outcome>> = {
  'posterior, nothing known beforehand': (trial) => byPosterior(trial, undefined),
  'posterior, from what theory says': (trial, guess) => byPosterior(trial, { at: guess, spread: 0.3 }),
  'posterior, theory off by a factor of 3': (trial, guess) =>
    byPosterior(trial, { at: guess * 3, spread: 0.3 }),
  'plain bisection': (trial) => byBisection(trial, 1),
  'plain bisection, best of three': (trial) => byBisection(trial, 3),
  'plain bisection, best of five': (trial) => byBisection(trial, 5),
  'grid: every step of 5 %, once': (trial) => byGrid(trial, 0.05, 1),
  'grid: every step of 5 %, twice': (trial) => byGrid(trial, 0.05, 2),
  'grid: every step of 3 %, once': (trial) => byGrid(trial, 0.03, 1),
  'grid: every step of 2 %, once': (trial) => byGrid(trial, 0.02, 1),
};

function measure(method: (trial: Trial, guess: number) => Outcome, searches: number, seed: number) {
  const draw = drawn(seed);
  let good = 0;
  const trials: number[] = [];
  for (let search = 0; search < searches; search += 1) {
    const { truth, guess } = someCase(draw);
    const found = method((at) => at >= truth !== draw.chance(falseShare), guess);
    if (Math.abs(found.answer - truth) <= 0.05 * truth) good += 1;
    trials.push(found.trials);
  }
  trials.sort((a, b) => a - b);
  return {
    good,
    mean: trials.reduce((sum, each) => sum + each, 0) / searches,
    p95: trials[Math.floor(0.95 * (searches - 1))] ?? Number.NaN,
    most: trials.at(-1) ?? Number.NaN,
  };
}

/** A pool for a drawn service, by the model; a search sees its service time up to 20 % off. */
function someCase(draw: Draw): Case {
  for (;;) {
    const rate = Math.exp(draw.between(Math.log(20), Math.log(2_000)));
    const serviceSeconds = Math.exp(draw.between(Math.log(0.005), Math.log(0.5)));
    const serviceVariation = draw.of(0, 0.5, 1, 2);
    const slack = serviceSeconds * draw.between(0.5, 3);
    const at = (seconds: number) =>
      fewestServers({ rate, serviceSeconds: seconds, serviceVariation, arrivalVariation: 0 }, slack, 0.01);
    const truth = at(serviceSeconds);
    const guess = at(serviceSeconds * draw.between(0.8, 1.2));
    if (truth < highest) return { truth, guess };
  }
}

function byPosterior(
  trial: Trial,
  guess: { readonly at: number; readonly spread: number } | undefined,
): Outcome {
  const search = new BoundarySearch({
    candidates: wholeSteps(lowest, highest, 0.02),
    guess,
    falseShare,
    within: 0.04,
    confidence: 0.97,
  });
  let trials = 0;
  for (let at = search.ask(); at !== undefined && trials < 200; at = search.ask()) {
    search.tell(at, trial(at));
    trials += 1;
  }
  return { answer: search.interval.likely, trials };
}

/** Each verdict is what most of so many trials say; the last value that held is the answer. */
function byBisection(trial: Trial, repeats: number): Outcome {
  let [low, high, trials] = [lowest - 1, highest, 0];
  while (high - low > Math.max(1, 0.04 * low)) {
    const middle = low < 1 ? Math.floor((low + high) / 2) : Math.round(Math.sqrt(low * high));
    const at = Math.min(high - 1, Math.max(low + 1, middle));
    let held = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1) if (trial(at)) held += 1;
    trials += repeats;
    if (held * 2 > repeats) high = at;
    else low = at;
  }
  return { answer: high, trials };
}

/** Every value so many times; the answer is the value that the fewest verdicts contradict. */
function byGrid(trial: Trial, step: number, repeats: number): Outcome {
  const candidates = wholeSteps(lowest, highest, step);
  const held = candidates.map((at) =>
    Array.from({ length: repeats }, () => trial(at)).reduce((sum, each) => sum + (each ? 1 : 0), 0),
  );
  let best = { answer: lowest, against: Number.POSITIVE_INFINITY };
  for (const [index, answer] of candidates.entries()) {
    const against = held.reduce((sum, count, other) => sum + (other < index ? count : repeats - count), 0);
    if (against < best.against) best = { answer, against };
  }
  return { answer: best.answer, trials: candidates.length * repeats };
}
