import { join } from 'node:path';
import type { Environment } from '../environments/contract.ts';
import { doubtOf } from '../experiment/doubt.ts';
import type { Planned } from '../experiment/planned.ts';
import { assembleReport } from '../experiment/report.ts';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { type TrialResult, TrialSeries } from '../experiment/trials.ts';
import { environmentError, OperatorError } from '../kit/errors.ts';
import { writeReports } from '../report/index.ts';
import { isRound, type Journal, type RoundRecord } from './journal.ts';
import { Judge, type Judgement, type Pair } from './judge.ts';
import { orderOf } from './order.ts';
import { judged, type Question } from './question.ts';
import { type OnBoth, onBoth, type SideName, sideNames } from './sides.ts';
import { measuresOfRound, type RoundMeasures } from './statistics/paired-effects.ts';

/** So many attempts at a round that prove nothing, or break, end the comparison. */
const MOST_INVALID = 4;
const MOST_BROKEN = 2;

export interface ComparisonRequest {
  readonly runId: string;
  readonly planned: OnBoth<Planned>;
  readonly environments: OnBoth<Environment>;
  /** Whether both sides take turns in one lab. */
  readonly inOneLab: boolean;
  readonly question: Question;
  readonly seed: number;
  /** The report folder; `rounds/` is made in it. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly watcher: ExperimentWatcher & ComparisonWatcher;
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
 * journal has already is not made again; a round that proves nothing is, and so is one whose lab broke, on a new lab.
 */
export async function compareSides(request: ComparisonRequest): Promise<ComparisonEnd> {
  await using rounds = new Rounds(request);
  const { question, inOneLab, journal, watcher } = request;
  const pairs: Pair[] = [];
  let judge: Judge | undefined;
  let left: ReadonlyMap<string, string> = new Map();
  const ending = (judgement: Judgement | undefined, rest: Pick<ComparisonEnd, 'ended' | 'why'>) => ({
    ...rest,
    standings: judgement?.standings ?? [],
    looks: judge?.looks ?? [],
    left,
    pairs: pairs.length,
  });
  const over = journal.records.find((record) => !isRound(record));
  let judgement: Judgement | undefined;
  while (pairs.length < question.mostPairs) {
    const number = pairs.length + 1;
    if (over !== undefined && !isRound(over) && number > over.pairs) break;
    if (over === undefined && rounds.timeIsUp(pairs.length)) break;
    const pair = await rounds.pair(number);
    if ('why' in pair) return ending(judgement, { ended: 'invalid', why: pair.why });
    pairs.push(pair);
    if (judge === undefined) {
      const found = judged(question, [...Object.keys(pair.a), ...Object.keys(pair.b)], inOneLab);
      left = found.left;
      judge = new Judge({ margins: found.margins, mostPairs: question.mostPairs });
      if (found.margins.size === 0) {
        return ending(judgement, {
          ended: 'invalid',
          why: 'the rounds have none of the metrics that are asked for',
        });
      }
    }
    judgement = judge.judge(pairs);
    watcher.pair(number, judgement, rounds.spentMs, judge.nextLook);
    if (judgement.answer !== undefined) break;
  }
  if (judge !== undefined && judgement?.answer === undefined) judgement = judge.judge(pairs, true);
  if (over === undefined) journal.add({ over: true, pairs: pairs.length });
  return ending(judgement, { ended: judgement?.answer ?? 'inconclusive' });
}

/** The rounds of a comparison, with its labs and its journal. */
class Rounds implements AsyncDisposable {
  readonly #request: ComparisonRequest;
  readonly #series: OnBoth<TrialSeries>;
  /** Records of the journal that nobody has asked for again. */
  readonly #left: RoundRecord[];
  spentMs = 0;
  #brokenInRow = 0;

  constructor(request: ComparisonRequest) {
    this.#request = request;
    this.#left = request.journal.records.filter(isRound);
    const one = this.#seriesOf('a');
    this.#series = { a: one, b: request.inOneLab ? one : this.#seriesOf('b') };
  }

  /** Whether another pair would take longer than there is; the first is always made. */
  timeIsUp(pairs: number): boolean {
    if (pairs === 0 || this.#left.length > 0) return false;
    return this.spentMs + this.spentMs / pairs > this.#request.question.budgetMs;
  }

  /** Both rounds of a pair, in the order of its lot; or why one of them cannot be had. */
  async pair(number: number): Promise<Pair | { readonly why: string }> {
    const measures: Partial<Record<SideName, RoundMeasures>> = {};
    for (const side of orderOf(this.#request.seed, number)) {
      const round = await this.#valid(number, side);
      if (typeof round === 'string') return { why: round };
      measures[side] = round;
    }
    const { a, b } = measures;
    if (a === undefined || b === undefined) throw new Error('a pair has two rounds');
    return { a, b };
  }

  /** The measures of a round that proves something, made again until there is one; or why there is none. */
  async #valid(pair: number, side: SideName): Promise<RoundMeasures | string> {
    for (let invalid = 0; ; ) {
      const record = this.#known(pair, side) ?? (await this.#make(pair, side));
      this.spentMs += record.tookMs;
      this.#request.watcher.round(record);
      if (record.measures !== undefined) {
        this.#brokenInRow = 0;
        return measuresOfRound(record.measures);
      }
      if (record.verdict === 'broken') {
        this.#brokenInRow += 1;
        // Why it stopped then is no reason to stop now.
        if (this.#left.length > 0) this.#brokenInRow = 0;
        if (this.#brokenInRow < MOST_BROKEN) continue;
        throw environmentError(
          `two rounds in a row broke, the last one of ${side.toUpperCase()}: ${record.why}`,
          'npx breakwater doctor says what this machine lacks; --resume goes on from here',
        );
      }
      this.#brokenInRow = 0;
      invalid = this.#left.length > 0 ? 0 : invalid + 1;
      if (invalid >= MOST_INVALID) {
        return `${invalid} rounds of ${side.toUpperCase()} in a row prove nothing: ${record.why}`;
      }
    }
  }

  #known(pair: number, side: SideName): RoundRecord | undefined {
    const at = this.#left.findIndex((record) => record.pair === pair && record.side === side);
    return at < 0 ? undefined : this.#left.splice(at, 1)[0];
  }

  async #make(pair: number, side: SideName): Promise<RoundRecord> {
    const { planned, journal, watcher } = this.#request;
    const { plan, configuration, steps } = planned[side];
    const before = journal.records.filter(
      (record) => isRound(record) && record.pair === pair && record.side === side,
    ).length;
    const name = `${String(pair).padStart(3, '0')}-${side}${before === 0 ? '' : `-${before + 1}`}`;
    watcher.beginning(pair, side);
    const began = performance.now();
    const result = await this.#series[side].one({ name, trial: plan.trial, configuration, steps });
    const found = result.ended === 'done' ? await this.#found(side, result, began) : brokenBy(side, result);
    const record: RoundRecord = {
      name,
      pair,
      side,
      endedAt: Date.now(),
      tookMs: Math.round(performance.now() - began),
      ...found,
    };
    journal.add(record);
    return record;
  }

  async #found(
    side: SideName,
    { name, analysis, outcome, ran }: Extract<TrialResult, { ended: 'done' }>,
    began: number,
  ): Promise<Pick<RoundRecord, 'verdict' | 'measures' | 'why' | 'mesh' | 'programs'>> {
    const { planned, command, runId, environments } = this.#request;
    const report = assembleReport(
      planned[side],
      {
        id: `${runId}/${name}`,
        startedAt: Math.round(Date.now() - (performance.now() - began)),
        loadMs: outcome.loadMs,
        interrupted: false,
        environment: environments[side].name,
        command,
        ...ran,
      },
      analysis,
    );
    await writeReports(join(this.#folder(side), name), report);
    const { verdict, measures } = report;
    const about = { verdict, mesh: ran.mesh, programs: ran.programs };
    return verdict === 'invalid' || measures === undefined
      ? { ...about, verdict: 'invalid', why: doubtOf(analysis) }
      : { ...about, measures };
  }

  #folder(_: SideName): string {
    return join(this.#request.directory, 'rounds');
  }

  #seriesOf(side: SideName): TrialSeries {
    const { runId, planned, environments, inOneLab, signal, watcher } = this.#request;
    const { plan, mesh } = planned[side];
    return new TrialSeries({
      runId: inOneLab ? runId : `${runId}-${side}`,
      what: `compare ${plan.name}`,
      topology: plan.topology,
      mesh,
      environment: environments[side],
      directory: this.#folder(side),
      logs: inOneLab ? 'logs' : `logs-${side}`,
      signal,
      watcher,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Both, whatever the first comes to.
    await using _ = this.#series.a;
    await using __ = this.#series.b;
  }
}

function brokenBy(
  side: SideName,
  result: Exclude<TrialResult, { ended: 'done' }>,
): Pick<RoundRecord, 'verdict' | 'why'> {
  const { error } = result.ended === 'failed' ? result : { error: new Error('it was interrupted') };
  if (!(error instanceof OperatorError)) throw error;
  // A mistake in what was written is one in every round.
  if (error.exitCode === 2) {
    throw new OperatorError(`--${side}: ${error.message}`, {
      hint: error.hint,
      exitCode: error.exitCode,
      cause: error,
    });
  }
  return { verdict: 'broken', why: error.message };
}

/** Programs and mesh of each side, as its rounds say. */
export const ranOn = (records: readonly RoundRecord[]) =>
  onBoth((side) => records.find((record) => record.side === side && record.mesh !== undefined));

export const countsOf = (records: readonly RoundRecord[]) =>
  Object.fromEntries(
    sideNames.map((side) => [
      side,
      {
        made: records.filter((record) => record.side === side).length,
        invalid: records.filter((record) => record.side === side && record.measures === undefined).length,
      },
    ]),
  ) as OnBoth<{ readonly made: number; readonly invalid: number }>;
