import { usageError } from '../kit/errors.ts';
import { quote, suggest } from '../kit/nearest.ts';
import { parseDuration } from '../kit/units.ts';
import { type MeasureName, measureKind, measureKinds, measureNames, nameOf } from '../model/measures.ts';
import { confidence } from './judge.ts';

/** What the command line says of a comparison, as text. */
export interface ComparisonOptions {
  readonly metrics?: string;
  readonly margin: readonly string[];
  readonly rounds: string;
  readonly budget: string;
}

/** How long a comparison may go on, and what it judges by which margins. */
export interface Question {
  /** Names of measures; all unless given. */
  readonly metrics: readonly string[] | undefined;
  /** Name or kind of a measure → margin, a share; "" is for all others. */
  readonly margins: ReadonlyMap<string, number>;
  readonly mostPairs: number;
  readonly budgetMs: number;
}

/** With fewer pairs nothing can be proven about even one measure. */
export const fewestPairs = Math.ceil(Math.log2(1 / confidence.alarm));
export const mostRounds = 200;

/** Reads how a comparison is to be judged. Throws usage errors. */
export function readQuestion(options: ComparisonOptions): Question {
  return {
    metrics: options.metrics?.split(',').map((name) => measureNamed(name.trim(), '--metrics')),
    margins: readMargins(options.margin),
    mostPairs: readRounds(options.rounds),
    budgetMs: readBudget(options.budget),
  };
}

/** The measures of the first pair that are judged, each with its margin, and those that are not, with why. */
export function judged(
  { metrics, margins }: Pick<Question, 'metrics' | 'margins'>,
  found: readonly string[],
  inOneLab: boolean,
): { readonly margins: ReadonlyMap<string, number>; readonly left: ReadonlyMap<string, string> } {
  const left = new Map<string, string>();
  const taken = new Map<string, number>();
  for (const measure of sorted(found)) {
    const kind = measureKind(measure);
    if (kind === undefined) continue;
    if (metrics !== undefined && !metrics.includes(nameOf(measure))) left.set(measure, 'not asked for');
    else if (inOneLab && !kind.inOneLab) {
      left.set(measure, 'both sides take turns in one lab, where the processes are the same');
    } else taken.set(measure, marginOf(measure, margins) ?? kind.margin);
  }
  for (const name of metrics ?? measureNames) {
    if (![...taken.keys(), ...left.keys()].some((measure) => nameOf(measure) === name)) {
      left.set(name, 'the rounds have none');
    }
  }
  return { margins: taken, left };
}

const marginOf = (measure: string, margins: Question['margins']) =>
  margins.get(measure) ?? margins.get(nameOf(measure)) ?? margins.get('');

const sorted = (found: readonly string[]) =>
  [...new Set(found)].sort(
    (a, b) =>
      measureNames.indexOf(nameOf(a) as MeasureName) - measureNames.indexOf(nameOf(b) as MeasureName) ||
      (a < b ? -1 : 1),
  );

function measureNamed(name: string, option: string): string {
  if (name in measureKinds) return name;
  throw usageError(
    `${option}: no metric is called ${quote(name)}`,
    suggest(name, measureNames, measureNames.length),
  );
}

/** "5%" for all, "p99=10%" for one. */
function readMargins(texts: readonly string[]): ReadonlyMap<string, number> {
  const margins = new Map<string, number>();
  for (const text of texts) {
    const [, name, number] = /^(?:(.*)=)?(\d+(?:\.\d+)?)%$/s.exec(text) ?? [];
    const margin = Number(number) / 100;
    if (number === undefined || !(margin > 0 && margin <= 10)) {
      throw usageError(
        `--margin: ${quote(text)} is no margin`,
        'write --margin 5% for all metrics, or --margin p99=10%; more than 0 and at most 1000 %',
      );
    }
    const key =
      name === undefined ? '' : `${measureNamed(nameOf(name), '--margin')}${name.slice(nameOf(name).length)}`;
    if (margins.has(key)) {
      throw usageError(`--margin: ${key === '' ? 'all' : key} is there twice`, 'give each metric one margin');
    }
    margins.set(key, margin);
  }
  return margins;
}

function readRounds(text: string): number {
  const rounds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (rounds >= fewestPairs && rounds <= mostRounds) return rounds;
  throw usageError(
    `--rounds: ${quote(text)} is no number from ${fewestPairs} to ${mostRounds}`,
    `with fewer than ${fewestPairs} rounds on each side nothing can be proven at ${confidence.alarm * 100} %`,
  );
}

function readBudget(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 60_000) return ms;
  throw usageError(`--budget: ${quote(text)} is no time of a minute or more`, 'write --budget 30m');
}
