import { join } from 'node:path';
import { analyse } from '../analysis/analyse.ts';
import { shapeKind } from '../load/shapes/index.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { JournalEntry, LoadTotals, Outcome, RunContext, StatisticsSample } from '../model/evidence.ts';
import { isClient } from '../model/topology.ts';
import type { Mapped } from '../report/html/topology.ts';
import type { ReportCheck, Status } from '../report/model.ts';
import type { Ended, Standing, WatchedTrial } from './contract.ts';
import { GrowingFile } from './growing-file.ts';
import { LiveTraffic } from './traffic.ts';

/** Everything that the page shows at one moment. */
export interface LiveView {
  readonly title: string;
  /** The scenario that is on, where its name is not the title. */
  readonly scenario: string | undefined;
  readonly environment: string | undefined;
  /** What is being done. */
  readonly step: string;
  readonly stopping: boolean;
  /** How trials together stand, where several make one answer. */
  readonly standing: Standing | undefined;
  readonly trial: TrialView | undefined;
  readonly ended: Ended | undefined;
}

/** A trial at one moment; times are milliseconds from the start of its load. */
export interface TrialView {
  readonly atMs: number;
  /** 0 when only its script knows. */
  readonly durationMs: number;
  readonly totals: Readonly<Record<Outcome, number>>;
  readonly seconds: readonly {
    readonly counts: Readonly<Record<Outcome, number>>;
    readonly percentilesMs: readonly [number, number, number] | undefined;
  }[];
  readonly now: {
    /** Requests that ended per second, of the last three that are over. */
    readonly perSecond: number;
    /** Share of those that succeeded, from 0 to 1. */
    readonly share: number | undefined;
    readonly percentilesMs: readonly [number, number, number] | undefined;
    readonly active: number;
    readonly connections: number;
    readonly pending: number;
    /** Since the load began. */
    readonly overflow: number;
    /** Names of the instances that some client has ejected. */
    readonly ejected: readonly string[];
  };
  readonly faults: readonly LiveFault[];
  readonly map: Mapped;
  readonly checks: readonly LiveCheck[];
}

/** A fault, or a change of the configuration. */
export interface LiveFault {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: 'planned' | 'on' | 'over';
  readonly targets: readonly string[];
}

/** A check as it stands: what it says of a window that is not over may change. */
export interface LiveCheck {
  readonly name: string;
  readonly stage: 'to come' | 'on' | 'over';
  readonly status: Status;
  readonly observed: string;
  readonly limit: string;
}

/** Seconds that "now" is. */
const NOW_SECONDS = 3;
/** Of the time that goes by, the share in which checks may be judged: it is the machine of the load, too. */
const JUDGING_SHARE = 0.015;
const LEAST_BETWEEN_MS = 2_000;

/** Follows the evidence of one trial while it comes. */
export class TrialFollower implements AsyncDisposable {
  readonly #watched: WatchedTrial;
  readonly #mesh: Mesh;
  readonly #loads: readonly LoadTotals[];
  readonly #traffic: LiveTraffic;
  readonly #statistics: GrowingFile;
  readonly #journalFile: GrowingFile;
  readonly #journal: JournalEntry[] = [];
  /** By "client service". */
  readonly #latest = new Map<string, StatisticsSample>();
  readonly #first = new Map<string, StatisticsSample>();
  #checks: readonly ReportCheck[] = [];
  #judgeAtMs = LEAST_BETWEEN_MS;

  constructor(watched: WatchedTrial, mesh: Mesh) {
    const { evidence, instances, startedAt, trial } = watched;
    this.#watched = watched;
    this.#mesh = mesh;
    this.#loads = trial.loads.map(({ name, from, shape }) =>
      notYet(name, from, startedAt, shapeKind(shape.kind)),
    );
    const { accessLog } = mesh.telemetry;
    this.#traffic = new LiveTraffic({
      accessLog,
      directory: evidence,
      instances,
      loads: this.#loads,
      startedAt,
    });
    this.#statistics = new GrowingFile(join(evidence, 'statistics.jsonl'));
    this.#journalFile = new GrowingFile(join(evidence, 'journal.jsonl'));
  }

  /** Takes in what has come since the last time; checks are judged now and then, and whenever `isOver`. */
  async look(isOver = false): Promise<void> {
    await this.#traffic.look();
    await this.#statistics.readJson<StatisticsSample>((sample) => {
      const key = `${sample.instance} ${sample.service}`;
      this.#latest.set(key, sample);
      if (!this.#first.has(key)) this.#first.set(key, sample);
    });
    await this.#journalFile.readJson<JournalEntry>((entry) => this.#journal.push(entry));
    const atMs = Date.now() - this.#watched.startedAt;
    if (this.#watched.trial.checks.length === 0 || (!isOver && atMs < this.#judgeAtMs)) return;
    const began = performance.now();
    await this.#judge();
    const tookMs = performance.now() - began;
    this.#judgeAtMs = atMs + Math.max(LEAST_BETWEEN_MS, tookMs / JUDGING_SHARE);
  }

  /** By the very code that concludes a run; what it says of the validity of half a run is not asked. */
  async #judge(): Promise<void> {
    const { runId, environment, mesh, instances, evidence, topology, trial } = this.#watched;
    const context: RunContext = { runId, environment, mesh, instances, rejections: [], gaps: [] };
    try {
      const analysis = await analyse({
        trial,
        directory: evidence,
        mesh: this.#mesh,
        topology,
        resources: [],
        steps: trial.changes.map(() => []),
        soFar: { context, loads: this.#loads },
      });
      this.#checks = analysis.checks;
    } catch {
      // A file that is being written; the next time it is whole.
    }
  }

  /** How it stands, `atMs` into the load. */
  view(atMs: number): TrialView {
    const { durationMs } = this.#watched.trial;
    const seconds = this.#traffic.seconds.map(({ counts }, number) => ({
      counts,
      percentilesMs: this.#traffic.percentilesOf(number),
    }));
    const faults = [...this.#faults(atMs), ...this.#changes(atMs)];
    return {
      atMs,
      durationMs,
      totals: this.#traffic.totals,
      seconds,
      now: this.#now(atMs, seconds),
      faults,
      map: this.#map(atMs, faults),
      checks: this.#checksAt(atMs, faults),
    };
  }

  /** Numbers of the seconds that are "now": the last that are over. */
  #lastSeconds(atMs: number): readonly number[] {
    const end = Math.floor(atMs / 1_000);
    return Array.from({ length: NOW_SECONDS }, (_, index) => end - NOW_SECONDS + index).filter(
      (each) => each >= 0,
    );
  }

  #now(atMs: number, seconds: TrialView['seconds']): TrialView['now'] {
    const last = this.#lastSeconds(atMs);
    const of = (outcome: Outcome) =>
      last.reduce((sum, number) => sum + (seconds[number]?.counts[outcome] ?? 0), 0);
    const all = of('ok') + of('shed') + of('error') + of('unanswered');
    const samples = [...this.#latest];
    const sum = (field: 'active' | 'connections' | 'pending') =>
      samples.reduce((total, [, sample]) => total + sample[field], 0);
    return {
      perSecond: last.length === 0 ? 0 : all / last.length,
      share: all === 0 ? undefined : of('ok') / all,
      percentilesMs: this.#traffic.percentilesOf(last.at(-1) ?? 0),
      active: sum('active'),
      connections: sum('connections'),
      pending: sum('pending'),
      overflow: samples.reduce(
        (total, [key, { overflow }]) => total + overflow - (this.#first.get(key)?.overflow ?? overflow),
        0,
      ),
      ejected: this.#ejected(),
    };
  }

  #ejected(): readonly string[] {
    const addresses = new Set(
      [...this.#latest.values()].flatMap(({ hosts }) =>
        hosts.filter(({ ejected }) => ejected).map(({ address }) => address),
      ),
    );
    return this.#watched.instances
      .filter((instance) => instance.addresses.some((address) => addresses.has(address)))
      .map(({ name }) => name);
  }

  #faults(atMs: number): readonly LiveFault[] {
    return this.#watched.trial.faults.map(({ name, atMs: plannedMs, forMs, targets }) => {
      const at = (event: JournalEntry['event']) => this.#journalled(event, 'fault', name);
      const injected = at('injected');
      const reverted = at('reverted');
      return {
        name,
        fromMs: injected ?? plannedMs,
        toMs: reverted ?? Math.max(plannedMs + forMs, injected === undefined ? 0 : atMs),
        state: reverted !== undefined ? 'over' : injected !== undefined ? 'on' : 'planned',
        targets,
      };
    });
  }

  #changes(atMs: number): readonly LiveFault[] {
    return this.#watched.trial.changes.map(({ name, atMs: plannedMs }) => {
      const changing = this.#journalled('changing', 'change', name);
      const changed = this.#journalled('changed', 'change', name);
      return {
        name,
        fromMs: changing ?? plannedMs,
        toMs: changed ?? Math.max(plannedMs, changing === undefined ? 0 : atMs),
        state: changed !== undefined ? 'over' : changing !== undefined ? 'on' : 'planned',
        targets: [],
      };
    });
  }

  /** Milliseconds from the start of the load to what the journal says of a fault or change. */
  #journalled(event: JournalEntry['event'], kind: 'fault' | 'change', name: string): number | undefined {
    const entry = this.#journal.findLast(
      (each) => each.event === event && (each as { readonly [kind: string]: unknown })[kind] === name,
    );
    return entry === undefined ? undefined : entry.t - this.#watched.startedAt;
  }

  /** The last seconds as the map of a report: one window, in which a host that is out is out from its first step. */
  #map(atMs: number, faults: readonly LiveFault[]): Mapped {
    const { instances } = this.#watched;
    const last = this.#lastSeconds(atMs);
    const on = faults.filter(({ state }) => state === 'on');
    const phase =
      on.length > 0 ? 'fault' : faults.some(({ state }) => state === 'over') ? 'recovery' : 'steady';
    const edges = new Map<string, { requests: number; failed: number }>();
    for (const { edges: known } of this.#traffic.seconds) {
      for (const key of known.keys()) edges.set(key, { requests: 0, failed: 0 });
    }
    for (const number of last) {
      for (const [key, { requests, failed }] of this.#traffic.seconds[number]?.edges ?? []) {
        const edge = edges.get(key);
        if (edge === undefined) continue;
        edge.requests += requests;
        edge.failed += failed;
      }
    }
    const lengthMs = Math.max(1, last.length) * 1_000;
    return {
      topology: {
        clients: instances.filter(isClient).map(({ name, locality }) => ({ name, zone: locality })),
        instances: instances
          .filter((each) => !isClient(each))
          .map(({ name, service, workload, locality, addresses, gateway, network }) => ({
            name,
            service,
            workload,
            zone: locality,
            address: addresses[0] ?? '-',
            ...(gateway === undefined ? {} : { gateway }),
            ...(network === undefined ? {} : { network }),
          })),
        edges: [...edges]
          .map(([key, traffic]) => {
            const [from = '', to = ''] = key.split(' ');
            return { from, to, byWindow: { [phase]: traffic } };
          })
          .toSorted((a, b) => a.from.localeCompare(b.from) || a.to.localeCompare(b.to)),
      },
      windows: [{ name: phase, fromMs: 0, toMs: lengthMs }],
      faults: on.map((fault) => ({
        name: fault.name,
        kind: '',
        description: '',
        targets: [...fault.targets],
        plannedAtMs: 0,
        plannedForMs: 0,
        efficacy: { status: 'proven', observed: '', expected: '', samples: 0 },
      })),
      timing: { loadMs: lengthMs },
      series: {
        stepMs: lengthMs,
        ejected: Object.fromEntries(this.#ejected().map((name) => [name, [1]])),
      },
    };
  }

  /** Until the first judgement comes, what is to be judged. */
  #checksAt(atMs: number, faults: readonly LiveFault[]): readonly LiveCheck[] {
    return this.#watched.trial.checks.map(({ name, fault, change }, index) => {
      const judged = this.#checks[index];
      if (judged === undefined || judged.name !== name) {
        return { name, stage: 'to come', status: 'invalid', observed: '', limit: '' };
      }
      // The steady state is over with the first of them, whichever.
      const isSteady = judged.window.name === 'steady';
      const about = faults.find((each) =>
        isSteady ? each.state !== 'planned' : each.name === (fault ?? change),
      );
      return { ...judged, stage: stageOf(judged, about, atMs, this.#watched.trial.durationMs) };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [this.#traffic, this.#statistics, this.#journalFile].map((each) => each[Symbol.asyncDispose]()),
    );
  }
}

/** Whether the window of a check is to come, on or over. */
function stageOf(
  { window: { name } }: ReportCheck,
  about: LiveFault | undefined,
  atMs: number,
  durationMs: number,
): LiveCheck['stage'] {
  const isOver = durationMs > 0 && atMs >= durationMs;
  const { state = 'planned' } = about ?? {};
  switch (name) {
    case 'steady':
      return isOver || state !== 'planned' ? 'over' : 'on';
    case 'fault':
      return state === 'planned' ? 'to come' : state === 'on' ? 'on' : 'over';
    case 'recovery':
    case 'change':
      return state === 'over' ? (isOver ? 'over' : 'on') : 'to come';
    default:
      return isOver ? 'over' : 'on';
  }
}

/** What is known of a load before its k6 has told what it counted. */
const notYet = (
  name: string,
  from: string,
  startedAt: number,
  { carriesDue, loop }: Pick<LoadTotals, 'carriesDue' | 'loop'>,
): LoadTotals => ({
  name,
  from,
  exitCode: 0,
  startedAt,
  iterations: 0,
  droppedIterations: 0,
  requests: 0,
  answers: {},
  latencyMs: {},
  maxUsers: 0,
  carriesDue,
  loop,
  cpus: 1,
});
