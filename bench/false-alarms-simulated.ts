import { Judge } from '../src/comparison/judge.ts';
import { burdenOf } from '../src/comparison/statistics/burden.ts';
import type { Look } from '../src/comparison/statistics/looks.ts';
import { Effects, measuresOfRound, type Pair } from '../src/comparison/statistics/paired-effects.ts';
import { hodgesLehmann, SignedRank, walshAverages } from '../src/comparison/statistics/signed-rank.ts';
import { measureKind, measureKinds } from '../src/model/measures.ts';
import { type Draw, drawn } from './draws.ts';
import { type RecordedRound, type Recording, readRecording } from './false-alarms-record.ts';

const mostPairs = 80;

/** What is planted into B: the name of it, and what it makes of the measures of a round. */
export interface Planted {
  readonly name: string;
  readonly change: (round: RecordedRound) => RecordedRound;
  /** Effect and measure that are to be found; none where nothing is planted. */
  readonly effect?: { readonly measure: string; readonly size: number };
}

/** One comparison as every method sees it. */
export interface Trace {
  readonly a: readonly RecordedRound[];
  readonly b: readonly RecordedRound[];
  /** A run of A at another time, for those that keep one. */
  readonly stored: RecordedRound;
}

/** What a method says, and how many pairs it took. */
interface Said {
  readonly alarm: boolean;
  readonly pairs: number;
  readonly answer: string;
  /** The smallest effect that it says it could have seen, of the measure that something was planted into. */
  readonly smallestSeen?: number | undefined;
  readonly settled?: readonly boolean[];
}

const ranks = new SignedRank();

export function simulate(comparisons: number, seed: number, withPlans: boolean): void {
  const recording = readRecording();
  for (const noise of [1, 1 / 3])
    simulateWith(comparisons, seed, recording, noise, withPlans ? { ...methods, ...plans } : methods);
}

/** `noise`: how much of what rounds differ by is left. */
function simulateWith(
  comparisons: number,
  seed: number,
  recording: Recording,
  noise: number,
  tried: Readonly<Record<string, Method>>,
): void {
  const rounds = quieter(recording.rounds, noise);
  console.log(
    `\n${comparisons} comparisons each, made of ${rounds.length} rounds of ${recording.scenario} (${recording.recorded}, ${recording.machine}), ${noise === 1 ? 'with their noise as it is' : `with ${percent(noise)} of their noise`}, at most ${mostPairs} pairs, seed ${seed}`,
  );
  const keys = Object.keys(rounds[0]?.measures ?? {}).filter(
    (key) => measureKind(key)?.inOneLab && rounds.every(({ measures }) => measures[key] !== undefined),
  );
  for (const [key, spread] of spreads(rounds, keys))
    console.log(`  ${key.padEnd(16)} ${percent(spread)} from round to round`);
  for (const planted of plants) {
    const began = performance.now();
    const draw = drawn(seed);
    const tallies = new Map<
      string,
      {
        alarms: number;
        pairs: number;
        answers: Map<string, number>;
        sensitive: number;
        caught: number;
        settled: number[];
      }
    >();
    for (let index = 0; index < comparisons; index += 1) {
      const trace = traceOf(rounds, planted, draw, noise);
      for (const [name, method] of Object.entries(tried)) {
        const said = method(trace, keys, planted);
        const tally = tallies.get(name) ?? {
          alarms: 0,
          pairs: 0,
          answers: new Map(),
          sensitive: 0,
          caught: 0,
          settled: keys.map(() => 0),
        };
        tally.alarms += Number(said.alarm);
        tally.pairs += said.pairs;
        tally.answers.set(said.answer, (tally.answers.get(said.answer) ?? 0) + 1);
        if (
          planted.effect !== undefined &&
          said.smallestSeen !== undefined &&
          said.smallestSeen <= planted.effect.size
        ) {
          tally.sensitive += 1;
          tally.caught += Number(said.alarm);
        }
        said.settled?.forEach((is, at) => {
          tally.settled[at] = (tally.settled[at] ?? 0) + Number(is);
        });
        tallies.set(name, tally);
      }
    }
    console.log(`\n${planted.name} (${((performance.now() - began) / 1_000).toFixed(0)} s)`);
    for (const [name, { alarms, pairs, answers, sensitive, caught, settled }] of tallies) {
      const stated = sensitive === 0 ? '' : `, ${caught} of the ${sensitive} that said they could see it`;
      console.log(
        `  ${name.padEnd(44)} ${percent(alarms / comparisons).padStart(7)} worse, ${(pairs / comparisons).toFixed(1)} pairs${stated}; ${[...answers].map(([answer, count]) => `${answer} ${percent(count / comparisons)}`).join(', ')}`,
      );
      if (settled.some((count) => count > 0))
        console.log(
          `      settled: ${keys.map((key, at) => `${key} ${percent((settled[at] ?? 0) / comparisons)}`).join(', ')}`,
        );
    }
  }
}

const slower = (by: number): Planted => ({
  name: `B slower by ${by * 100} %`,
  effect: { measure: 'p50', size: by },
  change: (round) => ({
    ...round,
    measures: scaled(round.measures, 1 + by, ['p50', 'p95', 'p99', 'p99.9']),
    latencies: round.latencies.map((ms) => ms * (1 + by)),
  }),
});

export const plants: readonly Planted[] = [
  { name: 'A and B the same', change: (round) => round },
  slower(0.05),
  slower(0.1),
  slower(0.2),
  {
    name: 'B with twice the errors (1 % of the requests in A)',
    effect: { measure: 'errors', size: Math.log(3 / 2) },
    change: (round) => ({
      ...round,
      measures: { ...round.measures, errors: (round.measures['errors'] ?? 0) * 2 },
    }),
  },
];

function scaled(measures: RecordedRound['measures'], factor: number, keys: readonly string[]) {
  return Object.fromEntries(
    Object.entries(measures).map(([key, value]) => [key, keys.includes(key) ? value * factor : value]),
  );
}

/** The same rounds, each that much nearer to their middle. */
export function quieter(rounds: readonly RecordedRound[], noise: number): readonly RecordedRound[] {
  const middle = (of: (round: RecordedRound) => number) => {
    const sorted = rounds.map(of).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const nearer = (value: number, to: number) => (to > 0 && value > 0 ? to * (value / to) ** noise : value);
  const keys = Object.keys(rounds[0]?.measures ?? {});
  const middles = Object.fromEntries(keys.map((key) => [key, middle(({ measures }) => measures[key] ?? 0)]));
  const latency = (rounds[0]?.latencies ?? []).map((_, at) => middle(({ latencies }) => latencies[at] ?? 0));
  return rounds.map(({ measures, latencies, ...rest }) => ({
    ...rest,
    measures: Object.fromEntries(
      Object.entries(measures).map(([key, value]) => [key, nearer(value, middles[key] ?? value)]),
    ),
    latencies: latencies.map((ms, at) => nearer(ms, latency[at] ?? ms)),
  }));
}

/**
 * Rounds as they would come: stretches of the recording, so that what lasts on the machine lasts here, with a drift of up
 * to a third over the whole and rounds in between that something has held up; 1 % of errors, as they fall. The draws
 * are the same whatever is planted.
 */
export function traceOf(
  rounds: readonly RecordedRound[],
  { change, name }: Planted,
  draw: Draw,
  noise: number,
  { pairs = mostPairs, long = 1 } = {},
): Trace {
  const drift = draw.between(-0.3, 0.3) * noise;
  const series: RecordedRound[] = [];
  let at = 0;
  const all = 2 * pairs * long;
  for (let index = 0; index < all; index += 1) {
    if (index % 10 === 0) at = draw.whole(0, rounds.length - 1);
    const round = rounds[(at + (index % 10)) % rounds.length] as RecordedRound;
    const held = draw.chance(0.05) ? draw.between(1.5, 4) ** noise : 1;
    const factor = held * (1 + (drift * index) / all);
    const errors = name.includes('errors') ? errorShare(draw) : (round.measures['errors'] ?? 0);
    series.push({
      ...round,
      measures: { ...scaled(round.measures, factor, ['p50', 'p95', 'p99', 'p99.9', 'cpu']), errors },
      latencies: round.latencies.map((ms) => ms * factor),
    });
  }
  const a: RecordedRound[] = [];
  const b: RecordedRound[] = [];
  const made = Array.from({ length: 2 * pairs }, (_, index) =>
    together(series.slice(index * long, (index + 1) * long)),
  );
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = draw.chance(0.5) ? 0 : 1;
    a.push(made[2 * pair + first] as RecordedRound);
    b.push(change(made[2 * pair + 1 - first] as RecordedRound));
  }
  return { a, b, stored: rounds[draw.whole(0, rounds.length - 1)] as RecordedRound };
}

/** Rounds after each other as the one that they would have been: percentiles of all their requests, means of the rest. */
function together(rounds: readonly RecordedRound[]): RecordedRound {
  const [first] = rounds;
  if (first === undefined || rounds.length === 1) return first as RecordedRound;
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b);
  const mean = (of: (round: RecordedRound) => number) =>
    rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length;
  const percentiles: Readonly<Record<string, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };
  const measures = Object.fromEntries(
    Object.keys(first.measures).map((key) => {
      const share = percentiles[key];
      return [
        key,
        share === undefined
          ? mean((round) => round.measures[key] ?? 0)
          : (latencies[Math.floor(share * latencies.length)] ?? 0),
      ];
    }),
  );
  const { machine } = first;
  return {
    measures,
    ...(machine === undefined
      ? {}
      : { machine: { ...machine, others: mean((round) => round.machine?.others ?? 0) } }),
    latencies,
  };
}

/** About 1 % of 2,000 requests, as chance has it. */
function errorShare(draw: Draw): number {
  let failed = 0;
  for (let index = 0; index < 40; index += 1) failed += Number(draw.chance(0.5));
  return failed / 2_000;
}

type Method = (trace: Trace, keys: readonly string[], planted: Planted) => Said;

/** Its pairs, with what is known of how busy the machine was, or without. */
export const pairsOf = ({ a, b }: Trace, known = true): Pair[] =>
  a.map((round, index) => {
    const other = b[index] ?? round;
    return {
      a: measuresOfRound(round.measures),
      b: measuresOfRound(other.measures),
      ...(known && round.machine && other.machine
        ? { burden: burdenOf(other.machine) - burdenOf(round.machine) }
        : {}),
    };
  });

export const marginsOf = (keys: readonly string[]) =>
  new Map(keys.map((key) => [key, (measureKind(key) ?? measureKinds.p50).margin]));

/** What `compare` would say with these looks, knowing how busy the machine was or not. */
const bySignedRank =
  (looks?: readonly Look[], known = true): Method =>
  (trace, keys, { effect }) => {
    const judge = new Judge({ margins: marginsOf(keys), mostPairs }, ranks, looks);
    const pairs = pairsOf(trace, known);
    for (;;) {
      const due = judge.nextLook ?? mostPairs;
      const { standings, answer } = judge.judge(pairs.slice(0, due));
      if (answer === undefined) continue;
      const told = standings.find(({ measure }) => measure === effect?.measure);
      return {
        alarm: answer === 'regressed',
        pairs: due,
        answer,
        smallestSeen: told?.smallestSeen,
        settled: standings.map(({ notWorse }) => notWorse),
      };
    }
  };

/** Looks at these numbers of pairs, each with as much of the error. */
const evenly = (...pairs: readonly number[]): readonly Look[] =>
  pairs.map((at) => ({ pairs: at, share: 1 / pairs.length }));

/** Other looks than those of `compare`, and none in between: what choosing them cost or brought. */
const plans: Readonly<Record<string, Method>> = {
  'looks at 12, 16, 21, 28, 40 pairs, the first 30 %': bySignedRank([
    { pairs: 12, share: 0.3 },
    ...[16, 21, 28, 40].map((pairs) => ({ pairs, share: 0.175 })),
  ]),
  'looks of equal shares': bySignedRank(evenly(13, 17, 23, 30, 40)),
  'a look at each pair from 15': bySignedRank(evenly(...Array.from({ length: 26 }, (_, at) => at + 15))),
  'one look at 40 pairs': bySignedRank(evenly(40)),
  'one look at 80 pairs': bySignedRank(evenly(80)),
};

const methods: Readonly<Record<string, Method>> = {
  compare: bySignedRank(),
  'the same without what else ran on the machine': bySignedRank(undefined, false),
  'anytime-valid, by betting on signs': (trace, keys) => {
    const pairs = pairsOf(trace);
    const needed = keys.length / 0.01;
    const all = keys.map((key) => ({
      effects: new Effects(pairs, key, measureKind(key) ?? measureKinds.p50).beyond(0),
      most: Math.log1p((measureKind(key) ?? measureKinds.p50).margin),
    }));
    const wealth = all.map(() => bets.map(() => 1));
    const sizes = all.map((): number[] => []);
    for (let index = 0; index < mostPairs; index += 1) {
      for (const [metric, { effects, most }] of all.entries()) {
        const before = sizes[metric] ?? [];
        const usual = before[Math.floor(before.length / 2)] || 1;
        const effect = effects[index] ?? 0;
        const stake = Math.sign(effect) * (index === 0 ? 1 : Math.min(1, Math.abs(effect) / usual));
        const own = wealth[metric] ?? [];
        for (const [at, bet] of bets.entries()) own[at] = (own[at] ?? 0) * (1 + bet * stake);
        const larger = before.findIndex((size) => size > Math.abs(effect));
        before.splice(larger < 0 ? before.length : larger, 0, Math.abs(effect));
        const mean = own.reduce((sum, each) => sum + each, 0) / own.length;
        if (mean < needed) continue;
        const seen = effects.slice(0, index + 1) as readonly number[] as typeof effects;
        if (hodgesLehmann(walshAverages(seen)) >= most)
          return { alarm: true, pairs: index + 1, answer: 'regressed' };
      }
    }
    return { alarm: false, pairs: mostPairs, answer: 'no alarm' };
  },
  'one look at ten pairs, signed rank at 0.01 for p95': (trace) => {
    const effects = new Effects(pairsOf(trace, false).slice(0, 10), 'p95', measureKinds.p95);
    return { alarm: ranks.pValue(effects.beyond(0)) <= 0.01, pairs: 10, answer: '' };
  },
  'stored baseline, p95 more than 10 % above': ({ stored, b: [run] }) => ({
    alarm: (run?.measures['p95'] ?? 0) > 1.1 * (stored.measures['p95'] ?? 0),
    pairs: 0.5,
    answer: '',
  }),
  'Mann-Whitney at 0.01 over requests of ten pairs': ({ a, b }) => ({
    alarm:
      mannWhitney(
        a.slice(0, 10).flatMap(({ latencies }) => latencies),
        b.slice(0, 10).flatMap(({ latencies }) => latencies),
      ) <= 0.01,
    pairs: 10,
    answer: '',
  }),
};

const bets = [0.1, 0.25, 0.5, 0.75, 0.95];

/** One-sided, of the second being slower, by the normal approximation: what pooling requests amounts to. */
function mannWhitney(first: readonly number[], second: readonly number[]): number {
  const [one, other] = [Float64Array.from(first).sort(), Float64Array.from(second).sort()];
  let below = 0;
  let u = 0;
  for (const ms of other) {
    while (below < one.length && (one[below] ?? 0) < ms) below += 1;
    u += below;
  }
  const [n, m] = [one.length, other.length];
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
  return 0.5 * erfc(z / Math.SQRT2);
}

/** Numerical Recipes, 6.2.2: within 1.2e-7. */
function erfc(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const y =
    t *
    Math.exp(
      -x * x -
        1.26551223 +
        t *
          (1.00002368 +
            t *
              (0.37409196 +
                t *
                  (0.09678418 +
                    t *
                      (-0.18628806 +
                        t *
                          (0.27886807 +
                            t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))),
    );
  return x >= 0 ? y : 2 - y;
}

function spreads(rounds: readonly RecordedRound[], keys: readonly string[]): [string, number][] {
  return keys.map((key) => {
    const values = rounds.map(({ measures }) =>
      Math.log((measures[key] ?? 0) + (measureKind(key)?.offset || 1e-9)),
    );
    const steps = values
      .slice(1)
      .map((value, index) => Math.abs(value - (values[index] ?? 0)))
      .sort((a, b) => a - b);
    return [key, steps[Math.floor(steps.length / 2)] ?? 0];
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
