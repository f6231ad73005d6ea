import { Judge } from '../src/comparison/judge.ts';
import { SignedRank } from '../src/comparison/statistics/signed-rank.ts';
import { measureKind } from '../src/model/measures.ts';
import { drawn } from './draws.ts';
import { readRecording } from './false-alarms-record.ts';
import { marginsOf, type Planted, pairsOf, plants, quieter, traceOf } from './false-alarms-simulated.ts';

/** One way to make a comparison, and to judge it. */
interface Design {
  readonly name: string;
  readonly pairs: number;
  /** How many recorded rounds one round is as long as. */
  readonly long?: number;
  /** Whether it is known how busy the machine was. */
  readonly known?: boolean;
  /** Measures that are judged; all unless given. */
  readonly only?: readonly string[];
  readonly margins?: Readonly<Record<string, number>>;
}

const designs: readonly Design[] = [
  { name: '40 pairs, nothing known of the machine', pairs: 40, known: false },
  { name: '40 pairs', pairs: 40 },
  { name: '80 pairs', pairs: 80 },
  { name: '20 pairs of rounds twice as long', pairs: 20, long: 2 },
  { name: '40 pairs of rounds twice as long', pairs: 40, long: 2 },
  { name: '40 pairs, p50 alone', pairs: 40, only: ['p50'] },
  { name: '80 pairs, p50 alone', pairs: 80, only: ['p50'] },
  { name: '80 pairs, margin of p50 2.5 %', pairs: 80, margins: { p50: 0.025 } },
  { name: '80 pairs, p50 alone, margin 2.5 %', pairs: 80, only: ['p50'], margins: { p50: 0.025 } },
  { name: '120 pairs', pairs: 120 },
];

/** What each design finds of what is planted, and what it calls worse where nothing is. */
export function powerOf(comparisons: number, seed: number): void {
  const recording = readRecording();
  const ranks = new SignedRank();
  for (const noise of [1, 1 / 3]) {
    const rounds = quieter(recording.rounds, noise);
    const keys = Object.keys(rounds[0]?.measures ?? {}).filter(
      (key) => measureKind(key)?.inOneLab && rounds.every(({ measures }) => measures[key] !== undefined),
    );
    console.log(
      `\n${comparisons} comparisons each, ${rounds.length} rounds of ${recording.scenario}, ${Math.round(100 * noise)} % of their noise, seed ${seed}: called worse, after how many pairs, proven not to be`,
    );
    for (const design of designs) {
      const cells = plants.slice(0, 3).map((planted) => {
        const { worse, pairs, notWorse } = tried(design, planted);
        return `${planted.effect === undefined ? 'the same' : `${100 * planted.effect.size} %`}: ${share(worse)} (${pairs.toFixed(0)}), ${share(notWorse)}`;
      });
      console.log(`  ${design.name.padEnd(44)} ${cells.join(' · ')}`);
    }

    function tried(design: Design, planted: Planted) {
      const { pairs: most, long = 1, known = true, only = keys, margins = {} } = design;
      const draw = drawn(seed);
      const asked = new Map([...marginsOf(only), ...Object.entries(margins)]);
      let [worse, notWorse, taken] = [0, 0, 0];
      for (let index = 0; index < comparisons; index += 1) {
        const pairs = pairsOf(traceOf(rounds, planted, draw, noise, { pairs: most, long }), known);
        const judge = new Judge({ margins: asked, mostPairs: most }, ranks);
        for (let answer: string | undefined; answer === undefined; ) {
          const due = judge.nextLook ?? most;
          ({ answer } = judge.judge(pairs.slice(0, due)));
          if (answer === undefined) continue;
          taken += due;
          worse += Number(answer === 'regressed');
          notWorse += Number(answer === 'not-worse');
        }
      }
      return {
        worse: worse / comparisons,
        notWorse: notWorse / comparisons,
        pairs: taken / comparisons,
      };
    }
  }
}

const share = (of: number) => `${(100 * of).toFixed(1)} %`;
