import { join } from 'node:path';
import type { Environment } from '../environments/contract.ts';
import { doubtOf } from '../experiment/doubt.ts';
import type { Planned } from '../experiment/planned.ts';
import { assembleReport } from '../experiment/report.ts';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { runTrials, type TrialResult, type TrialWanted } from '../experiment/trials.ts';
import { ExitCode, environmentError, OperatorError } from '../kit/errors.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { PoolRule } from '../meshes/contract.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import { limitNames, NO_LIMIT, PER_CONNECTION, type PoolLimits } from '../model/pool-limits.ts';
import { configurationContext } from '../plan/configuration-context.ts';
import { writeReports } from '../report/index.ts';
import type { Ask, Budget, Conclusion, Inferred, Measured, Question, Told } from './contract.ts';
import type { Journal, TrialRecord } from './journal.ts';
import { callsOf } from './question.ts';
import { foreseenRows, type ScalingRow, type Shape, shapesOf, verifyShape } from './scaling.ts';
import { BudgetUsed, searchLimits } from './strategy.ts';
import { disturbanceIn, measure, trialPlan, withRestarts } from './trial.ts';

/** So many trials in a row that prove nothing, or break, end the search. */
const MOST_INVALID = 8;
const MOST_BROKEN = 2;
/** So many that prove nothing, and the search goes on without one that it need not have. */
const MOST_INVALID_OPTIONAL = 2;

export interface TuningRequest {
  readonly runId: string;
  readonly planned: Planned;
  readonly load: PlannedLoad;
  readonly question: Question;
  /** Where the limits are written; undefined where the service has no rule yet. */
  readonly rule: PoolRule | undefined;
  readonly environment: Environment;
  /** The report folder; `trials/` is made in it. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly journal: Journal;
  /** Whether limits that were found are tried on other shapes of the topology. */
  readonly verifyScaling: boolean;
  /** What it takes until a replica that was killed is in service again, in milliseconds. */
  readonly restartMs: number;
  readonly signal: AbortSignal;
  readonly watcher: ExperimentWatcher & TuningWatcher;
}

/** What a person may watch while a search goes on. */
export interface TuningWatcher {
  /** One has ended; `known`: between which the answer lies now with 95 %, where one is looked for. */
  trial(record: TrialRecord, spent: Told['spent'], known: Ask['known']): void;
  asking(ask: Ask, number: number): void;
}

/** What a search has come to, or why it came to nothing: this machine is too busy to prove anything. */
export type TuningEnd = Conclusion | TooBusy;

/** Trials proved nothing so often that more would not, either. */
interface TooBusy {
  readonly ended: 'invalid';
  readonly why: string;
}

/** A search, and what its limits came to on other shapes of the topology where that was tried. */
export interface Tuned {
  readonly end: TuningEnd;
  readonly scaling: readonly ScalingRow[];
}

/**
 * Drives a search on a lab, and after it, where that is asked, the trials of other shapes, each on a lab of its own.
 * What its journal has already is not tried again; a trial that proves nothing is repeated, and so is one whose lab
 * broke, on a new lab. Throws OutOfReach, and the error of a lab that breaks again.
 */
export async function tune(request: TuningRequest): Promise<Tuned> {
  const trials = new Trials(request);
  const { question, planned, load, verifyScaling } = request;
  const { topology } = planned.plan;
  const end = await trials.drive(searchLimits(question), { topology }, question.budget);
  if (!verifyScaling || end.ended !== 'found' || end.inferred === undefined) return { end, scaling: [] };
  const found = { limits: end.limits, inferred: end.inferred };
  const scaling: ScalingRow[] = [];
  for (const shape of shapesOf(topology, load, question.limitsAtServers)) {
    scaling.push(...(await tried(trials, shape, found, question)));
  }
  return { end, scaling };
}

async function tried(
  trials: Trials,
  shape: Shape,
  found: { readonly limits: Conclusion['limits']; readonly inferred: Inferred },
  question: Question,
): Promise<readonly ScalingRow[]> {
  try {
    const rows = await trials.drive(verifyShape(question, found, shape), shape);
    return 'ended' in rows ? foreseenRows(question, found, shape, rows.why) : rows;
  } catch (error) {
    // What was found stands, whether another shape comes up or not: the configuration may name a zone that is gone.
    if (trials.request.signal.aborted || !(error instanceof OperatorError)) throw error;
    return foreseenRows(question, found, shape, error.message);
  }
}

/** Where trials are made: a topology, and who is restarted in it while the load goes on. */
type Where = Pick<Shape, 'topology' | 'restarted'> & { readonly name?: string };

/** The trials of a search: those that its journal has, and those that are made; `drive` lets somebody ask for them. */
class Trials {
  readonly request: TuningRequest;
  /** Records of the journal that nobody has asked for again. */
  readonly left: TrialRecord[];
  spent = { ms: 0, trials: 0 };
  number: number;
  /** What the servers do at the nominal rate when nobody limits them. */
  unlimited: Measured | undefined;

  constructor(request: TuningRequest) {
    this.request = request;
    this.left = [...request.journal.records];
    this.number = this.left.length;
  }

  /** Answers a strategy until it concludes, or trials prove nothing; `budget` is what may be used up by then. */
  async drive<Result>(
    strategy: Generator<Ask, Result, Told | undefined>,
    where: Where,
    budget?: Budget,
  ): Promise<Result | TooBusy> {
    const driven = new Driven(this, strategy, where, budget);
    if (driven.ask === undefined) return driven.end();
    const { runId, planned, environment, directory, signal, watcher } = this.request;
    const part = where.name?.replaceAll(' ', '-');
    const series = {
      runId: part === undefined ? runId : `${runId}-${part}`,
      what: `tune ${planned.plan.name}`,
      topology: where.topology,
      mesh: planned.mesh,
      environment,
      directory: join(directory, 'trials'),
      ...(part === undefined ? {} : { logs: `logs-${part}` }),
      signal,
      watcher,
    };
    for await (const result of runTrials(series, driven.wanted())) await driven.take(result);
    return driven.end();
  }
}

/** One strategy with its trials: which is next, and what has come of those before it. */
class Driven<Result> {
  readonly #trials: Trials;
  readonly #request: TuningRequest;
  readonly #strategy: Generator<Ask, Result, Told | undefined>;
  readonly #where: Where;
  readonly #budget: Budget | undefined;
  #next: IteratorResult<Ask, Result>;
  #began = performance.now();
  #inRow = { invalid: 0, broken: 0 };
  #tooBusy: string | undefined;

  constructor(
    trials: Trials,
    strategy: Generator<Ask, Result, Told | undefined>,
    where: Where,
    budget: Budget | undefined,
  ) {
    this.#trials = trials;
    this.#request = trials.request;
    this.#strategy = strategy;
    this.#where = where;
    this.#budget = budget;
    this.#next = this.#strategy.next();
    this.#replay();
  }

  /** The trial that is to be made next; undefined when the strategy has concluded. */
  get ask(): Ask | undefined {
    return this.#next.done || this.#tooBusy !== undefined ? undefined : this.#next.value;
  }

  end(): Result | TooBusy {
    if (this.#tooBusy !== undefined) return { ended: 'invalid', why: this.#tooBusy };
    if (!this.#next.done) throw new Error('the search is not over');
    return this.#next.value;
  }

  async *wanted(): AsyncGenerator<TrialWanted> {
    for (let ask = this.ask; ask !== undefined; ask = this.ask) {
      this.#trials.number += 1;
      this.#request.watcher.asking(ask, this.#trials.number);
      this.#began = performance.now();
      yield { name: nameOf(this.#trials.number), ...this.#planOf(ask) };
    }
  }

  async take(result: TrialResult): Promise<void> {
    const ask = this.ask;
    if (ask === undefined) return;
    const about = { name: result.name, ask, endedAt: Date.now() };
    const found = result.ended === 'done' ? await this.#found(ask, result) : brokenBy(result);
    this.#keep({ ...about, tookMs: Math.round(performance.now() - this.#began), ...found });
    this.#replay();
  }

  #keep(record: TrialRecord): void {
    this.#request.journal.add(record);
    this.#count(record);
    if (record.verdict === 'broken' && this.#inRow.broken >= MOST_BROKEN) {
      throw environmentError(
        `two trials in a row broke: ${record.why}`,
        'npx breakwater doctor says what this machine lacks; --resume goes on from here',
      );
    }
  }

  #count(record: TrialRecord): void {
    const { verdict, measured, tookMs } = record;
    const { spent } = this.#trials;
    this.#trials.spent = { ms: spent.ms + tookMs, trials: spent.trials + 1 };
    this.#inRow = {
      invalid: verdict === 'invalid' ? this.#inRow.invalid + 1 : 0,
      broken: verdict === 'broken' ? this.#inRow.broken + 1 : 0,
    };
    if (measured?.holds && record.ask.limits === 'none' && record.ask.judged === 'nominal') {
      this.#trials.unlimited = measured;
    }
    try {
      this.#advance(record);
    } finally {
      this.#request.watcher.trial(record, this.#trials.spent, this.ask?.known);
    }
  }

  /** Tells the strategy what came of its trial, or that nothing does. */
  #advance({ ask, measured, why }: TrialRecord): void {
    if (measured !== undefined) this.#next = this.#strategy.next({ ...measured, spent: this.#trials.spent });
    else if (ask.optional && this.#inRow.invalid >= MOST_INVALID_OPTIONAL) {
      this.#inRow.invalid = 0;
      this.#next = this.#strategy.next(undefined);
    } else if (this.#isUsedUp()) this.#next = this.#strategy.throw(new BudgetUsed());
    else if (this.#inRow.invalid >= MOST_INVALID) this.#tooBusy = why ?? 'trials prove nothing';
  }

  #isUsedUp(): boolean {
    if (this.#budget === undefined) return false;
    const { spent } = this.#trials;
    return spent.trials >= this.#budget.trials || spent.ms >= this.#budget.ms;
  }

  /** Answers the strategy from the journal for as long as that has what it asks for; invalid trials count as made. */
  #replay(): void {
    const { left } = this.#trials;
    for (;;) {
      const ask = this.ask;
      if (ask === undefined) return;
      const at = left.findIndex((record) => isSame(record.ask, ask));
      if (at < 0) return;
      const [record] = left.splice(at, 1);
      // Why it stopped then is no reason to stop now.
      if (record) this.#count(record);
      if (this.#tooBusy !== undefined) {
        this.#tooBusy = undefined;
        this.#inRow.invalid = 0;
      }
    }
  }

  #planOf(ask: Ask): Omit<TrialWanted, 'name'> {
    const { planned, load, question, restartMs } = this.#request;
    const files = this.#filesFor(ask);
    const { topology, restarted = [] } = this.#where;
    const steady = trialPlan(load, ask, question, files);
    const trial = restarted.length === 0 ? steady : withRestarts(steady, restarted, restartMs, ask.rate);
    const context = configurationContext({ ...planned.plan, topology, trial });
    return { trial, configuration: { files, resources: planned.mesh.readConfiguration(files, context) } };
  }

  #filesFor({ limits }: Ask): MeshConfiguration['files'] {
    const { planned, question, rule, load } = this.#request;
    const { files } = planned.configuration;
    const { pools } = planned.mesh;
    const set = limits === 'none' ? withoutLimits(question) : limits;
    const calls = callsOf(load, planned.plan.topology);
    if (rule === undefined) {
      const { file, text } = pools.newRule(calls, set);
      return [...files, { file, path: '', content: text }];
    }
    return files.map((file) =>
      file.file === rule.resource.file
        ? { ...file, content: pools.withLimits(file.content, rule, calls, set) }
        : file,
    );
  }

  async #found(
    ask: Ask,
    { name, analysis, outcome, ran }: Extract<TrialResult, { ended: 'done' }>,
  ): Promise<Pick<TrialRecord, 'verdict' | 'measured' | 'why'>> {
    const { planned, question, directory, command, runId, environment } = this.#request;
    const folder = join(directory, 'trials', name);
    const { trial, configuration } = this.#planOf(ask);
    const report = assembleReport(
      {
        ...planned,
        plan: { ...planned.plan, topology: this.#where.topology, trial },
        configuration,
        steps: [],
      },
      {
        id: `${runId}/${name}`,
        startedAt: Math.round(Date.now() - (performance.now() - this.#began)),
        loadMs: outcome.loadMs,
        interrupted: false,
        environment: environment.name,
        command,
        ...ran,
      },
      analysis,
    );
    await writeReports(folder, report);
    const measured: Measured | undefined = await measure(
      ask,
      question,
      analysis,
      join(folder, 'evidence'),
      planned.mesh,
    );
    if (measured === undefined) return { verdict: 'invalid', why: doubtOf(analysis) };
    const disturbance = disturbanceIn(measured, ask, this.#trials.unlimited);
    if (disturbance !== undefined) return { verdict: 'invalid', why: disturbance };
    return { verdict: measured.holds ? 'holds' : 'fails', measured };
  }
}

const nameOf = (number: number) => `trial-${String(number).padStart(3, '0')}`;

function brokenBy(result: Exclude<TrialResult, { ended: 'done' }>): Pick<TrialRecord, 'verdict' | 'why'> {
  const { error } = result.ended === 'failed' ? result : { error: new Error('it was interrupted') };
  // A mistake in what was written is one in every trial, and a bug is no broken lab.
  if (!(error instanceof OperatorError) || error.exitCode === ExitCode.usage) throw error;
  return { verdict: 'broken', why: error.message };
}

/** Every limit that is looked for, and all that are written and refuse anybody, out of the way. */
function withoutLimits({ limits, written }: Question): PoolLimits {
  const there = limitNames.filter(
    (name) => limits.includes(name) || (written[name] !== undefined && name !== PER_CONNECTION),
  );
  return Object.fromEntries(there.map((name) => [name, NO_LIMIT]));
}

const isSame = (a: Ask, b: Ask) =>
  a.shape === b.shape &&
  a.judged === b.judged &&
  a.rate === b.rate &&
  JSON.stringify(a.limits) === JSON.stringify(b.limits);
