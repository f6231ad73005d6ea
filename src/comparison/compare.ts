import { environmentError } from '../kit/errors.ts';
import { isRound, type Journal, type RoundRecord } from './journal.ts';
import { Judge, type Judgement } from './judge.ts';
import { orderOf } from './order.ts';
import { judged, type Question } from './question.ts';
import type { SideName } from './sides.ts';
import { burdenOf } from './statistics/burden.ts';
import { measuresOfRound, type Pair } from './statistics/paired-effects.ts';

/** So many attempts in a row at a round that prove nothing, or break, end the comparison. */
const MOST_INVALID = 8;
const MOST_BROKEN = 2;

/** Makes rounds; how, those that count them do not ask. */
export interface RoundMaker {
  /** One round of a side: `name` is unique. Throws for a mistake in what was written, and when interrupted. */
  make(side: SideName, name: string): Promise<RoundResult>;
}

/** What came of one round; with `measures` it proves something. */
export type RoundResult = Pick<RoundRecord, 'verdict' | 'measures' | 'machine' | 'why' | 'mesh' | 'programs'>;

export interface ComparisonRequest {
  readonly rounds: RoundMaker;
  /** Whether both sides take turns in one lab. */
  readonly inOneLab: boolean;
  readonly question: Question;
  readonly seed: number;
  readonly journal: Journal;
  readonly watcher: ComparisonWatcher;
}

/** What a person may watch while a comparison goes on. */
export interface ComparisonWatcher {
  beginning(pair: number, side: SideName): void;
  round(record: RoundRecord): void;
  /** What is known after a pair. */
  pair(number: number, judgement: Judgement, spentMs: number, nextLook: number | undefined): void;
}

/** What a comparison has come to. */
export interface ComparisonEnd {
  /** `invalid`: rounds on this machine, or of one side, prove nothing. */
  readonly ended: NonNullable<Judgement['answer']> | 'invalid';
  /** Why it is invalid, in words. */
  readonly why?: string;
  readonly standings: Judgement['standings'];
  readonly looks: Judge['looks'];
  /** Measures that are not judged, and why. */
  readonly left: ReadonlyMap<string, string>;
  readonly pairs: number;
}

/**
 * Makes rounds of both sides in turns until it is clear whether B is worse, or rounds or time are used up. What the
 * journal has already is not made again; a round that proves nothing is, and so is one whose lab broke.
 */
export async function compareSides(request: ComparisonRequest): Promise<ComparisonEnd> {
  const { question, inOneLab, journal, watcher } = request;
  const rounds = new Rounds(request);
  const over = journal.records.find((record) => !isRound(record));
  const most = over === undefined || isRound(over) ? question.mostPairs : over.pairs;
  const pairs: Pair[] = [];
  let judge: Judge | undefined;
  let left: ReadonlyMap<string, string> = new Map();
  let judgement: Judgement | undefined;
  const ending = (rest: Pick<ComparisonEnd, 'ended' | 'why'>): ComparisonEnd => ({
    ...rest,
    standings: judgement?.standings ?? [],
    looks: judge?.looks ?? [],
    left,
    pairs: pairs.length,
  });
  while (pairs.length < most && judgement?.answer === undefined && !rounds.timeIsUp(pairs.length)) {
    const number = pairs.length + 1;
    const pair = await rounds.pair(number);
    if ('why' in pair) return ending({ ended: 'invalid', why: pair.why });
    pairs.push(pair);
    if (judge === undefined) {
      const found = judged(question, [...Object.keys(pair.a), ...Object.keys(pair.b)], inOneLab);
      left = found.left;
      if (found.margins.size === 0) {
        return ending({ ended: 'invalid', why: 'they have none of the metrics that are asked for' });
      }
      judge = new Judge({ margins: found.margins, mostPairs: question.mostPairs });
    }
    judgement = judge.judge(pairs);
    watcher.pair(number, judgement, rounds.spentMs, judge.nextLook);
  }
  if (judge !== undefined && judgement?.answer === undefined) judgement = judge.judge(pairs, true);
  if (over === undefined) journal.add({ over: true, pairs: pairs.length });
  return ending({ ended: judgement?.answer ?? 'inconclusive' });
}

/** What counts of a round that proves something. */
type ValidRound = Required<Pick<RoundRecord, 'measures'>> & {
  readonly machine: RoundRecord['machine'] | undefined;
};

/** The rounds of a comparison as they come, from the journal or made. */
class Rounds {
  readonly #request: ComparisonRequest;
  /** Records of the journal that nobody has asked for again. */
  readonly #left: RoundRecord[];
  spentMs = 0;
  #brokenInRow = 0;

  constructor(request: ComparisonRequest) {
    this.#request = request;
    this.#left = request.journal.records.filter(isRound);
  }

  /** Whether another pair would take longer than there is; the first is always made, and what is there costs nothing. */
  timeIsUp(pairs: number): boolean {
    if (pairs === 0 || this.#left.length > 0) return false;
    return this.spentMs + this.spentMs / pairs > this.#request.question.budgetMs;
  }

  /** Both rounds of a pair, in the order of its lot; or why one of them cannot be had. */
  async pair(number: number): Promise<Pair | { readonly why: string }> {
    const rounds: Partial<Record<SideName, ValidRound>> = {};
    for (const side of orderOf(this.#request.seed, number)) {
      const round = await this.#valid(number, side);
      if (typeof round === 'string') return { why: round };
      rounds[side] = round;
    }
    const { a, b } = rounds;
    if (a === undefined || b === undefined) throw new Error('a pair has two rounds');
    const isKnown = a.machine !== undefined && b.machine !== undefined;
    return {
      a: measuresOfRound(a.measures),
      b: measuresOfRound(b.measures),
      ...(isKnown ? { burden: burdenOf(b.machine) - burdenOf(a.machine) } : {}),
    };
  }

  /** A round that proves something, made again until there is one; or why there is none. */
  async #valid(pair: number, side: SideName): Promise<ValidRound | string> {
    for (let invalid = 0; ; ) {
      const known = this.#known(pair, side);
      const record = known ?? (await this.#make(pair, side));
      this.spentMs += record.tookMs;
      this.#request.watcher.round(record);
      if (record.measures !== undefined) {
        this.#brokenInRow = 0;
        return { measures: record.measures, machine: record.machine };
      }
      // Why it stopped then is no reason to stop now.
      if (known !== undefined) continue;
      if (record.verdict === 'broken') this.#refuseBroken(record);
      else {
        this.#brokenInRow = 0;
        invalid += 1;
      }
      if (invalid >= MOST_INVALID) {
        return `${invalid} of ${side.toUpperCase()} in a row are invalid: ${record.why}`;
      }
    }
  }

  #refuseBroken({ side, why }: RoundRecord): void {
    this.#brokenInRow += 1;
    if (this.#brokenInRow < MOST_BROKEN) return;
    throw environmentError(
      `${MOST_BROKEN} rounds in a row broke, the last one of ${side.toUpperCase()}: ${why}`,
      'npx breakwater doctor says what this machine lacks; --resume goes on from here',
    );
  }

  #known(pair: number, side: SideName): RoundRecord | undefined {
    const at = this.#left.findIndex((record) => record.pair === pair && record.side === side);
    return at < 0 ? undefined : this.#left.splice(at, 1)[0];
  }

  async #make(pair: number, side: SideName): Promise<RoundRecord> {
    const { rounds, journal, watcher } = this.#request;
    const before = journal.records.filter(
      (record) => isRound(record) && record.pair === pair && record.side === side,
    ).length;
    const name = `${String(pair).padStart(3, '0')}-${side}${before === 0 ? '' : `-${before + 1}`}`;
    watcher.beginning(pair, side);
    const began = performance.now();
    const result = await rounds.make(side, name);
    const tookMs = Math.round(performance.now() - began);
    const record: RoundRecord = { name, pair, side, endedAt: Date.now(), tookMs, ...result };
    journal.add(record);
    return record;
  }
}
