import { join } from 'node:path';
import { type Ending, settleEnding } from '../evidence/endings.ts';
import { believedLagMs, loadOfLine, loadsOfClients, NO_LOAD } from '../evidence/loads.ts';
import { percentileOf } from '../kit/percentile.ts';
import type { AccessLogReader, MeshAccessLog } from '../meshes/contract.ts';
import { type InstanceContext, type LoadTotals, type Outcome, outcomes } from '../model/evidence.ts';
import { OF_CALL, OF_PROBE } from '../model/log-lines.ts';
import { isClient } from '../model/topology.ts';
import { GrowingFile } from './growing-file.ts';

/** What ended within one second of the load. */
export interface Second {
  readonly counts: Record<Outcome, number>;
  /** Milliseconds from when each was due; empty once the second is long over. */
  latenciesMs: number[];
  /** p50, p95 and p99 of them, in milliseconds; undefined where there were none, or the second is not over. */
  percentilesMs: readonly [number, number, number] | undefined;
  /** "from to" → what went that way. */
  readonly edges: Map<string, { requests: number; failed: number }>;
}

/** A request that took longer counts in the second in which it ended, and changes no percentile any more. */
const KEPT_SECONDS = 10;

/** The requests of a trial while it goes on, from the logs of its sidecars, by the second in which they ended. */
export class LiveTraffic implements AsyncDisposable {
  readonly seconds: Second[] = [];
  readonly totals: Record<Outcome, number> = { ok: 0, shed: 0, error: 0, unanswered: 0 };
  readonly #reader: AccessLogReader;
  readonly #endings: Ending[] = [];
  readonly #files: readonly { readonly instance: number; readonly file: GrowingFile }[];
  readonly #instances: readonly InstanceContext[];
  readonly #byAddress: ReadonlyMap<string, string>;
  readonly #loads: readonly LoadTotals[];
  readonly #startedAt: number;

  constructor(request: {
    readonly accessLog: MeshAccessLog;
    /** The evidence folder. */
    readonly directory: string;
    readonly instances: readonly InstanceContext[];
    readonly loads: readonly LoadTotals[];
    /** Epoch milliseconds. */
    readonly startedAt: number;
  }) {
    const { accessLog, directory, instances, loads, startedAt } = request;
    this.#reader = accessLog.reader();
    this.#instances = instances;
    this.#loads = loads;
    this.#startedAt = startedAt;
    this.#byAddress = new Map(
      instances.flatMap(({ name, addresses }) => addresses.map((address) => [address, name])),
    );
    this.#files = instances.map(({ name }, instance) => ({
      instance,
      file: new GrowingFile(join(directory, 'access', `${name}.log`)),
    }));
  }

  /** Takes in what has been logged since the last time. */
  async look(): Promise<void> {
    const own = loadsOfClients(this.#loads, this.#instances);
    for (const { instance, file } of this.#files) {
      const from = this.#instances[instance];
      const loads = own[instance];
      if (from === undefined || loads === undefined) continue;
      const { lines } = this.#reader;
      const take = (index: number) => {
        if (!isClient(from)) {
          const isGateway = from.gateway === 'ingress' && lines.load[index] !== OF_PROBE;
          if (isGateway || lines.load[index] === OF_CALL) this.#add(index, from.name, false);
          return;
        }
        const load = loadOfLine(lines, index, this.#loads, from.service, loads);
        if (load === NO_LOAD) return;
        // Only the load says when a request was due; without that, time tells it from what came before.
        const isTold = this.#loads[load]?.carriesDue ?? false;
        if (isTold || (lines.startMs[index] as number) >= this.#startedAt) this.#add(index, from.name, true);
      };
      await file.read((buffer, length) => {
        let taken = 0;
        do {
          taken = this.#reader.read(buffer, taken, length);
          this.#settle();
          for (let index = 0; index < lines.length; index += 1) take(index);
        } while (lines.length === lines.capacity);
        return taken;
      });
    }
  }

  /** Endings that have come to be known. */
  #settle(): void {
    const { endings } = this.#reader;
    for (let number = this.#endings.length; number < endings.length; number += 1) {
      const logged = endings[number];
      if (logged !== undefined) this.#endings.push(settleEnding(logged));
    }
  }

  #add(index: number, from: string, isLoads: boolean): void {
    const { lines } = this.#reader;
    const ending = this.#endings[lines.ending[index] as number];
    if (ending === undefined || ending.direction === 'inbound') return;
    const startMs = lines.startMs[index] as number;
    const overMs = startMs + (lines.durationMs[index] as number);
    const second = this.#second(Math.max(0, Math.floor((overMs - this.#startedAt) / 1_000)));
    const to = this.#byAddress.get(ending.host);
    if (to !== undefined) {
      const key = `${from} ${to}`;
      const edge = second.edges.get(key) ?? { requests: 0, failed: 0 };
      edge.requests += 1;
      if (ending.outcome !== 'ok') edge.failed += 1;
      second.edges.set(key, edge);
    }
    if (!isLoads) return;
    this.totals[ending.outcome] += 1;
    second.counts[ending.outcome] += 1;
    const lagMs = believedLagMs(startMs, lines.dueMs[index] as number);
    second.latenciesMs.push(overMs - startMs + (lagMs > 0 ? lagMs : 0));
  }

  #second(number: number): Second {
    for (let next = this.seconds.length; next <= number; next += 1) {
      const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Second['counts'];
      this.seconds.push({ counts, latenciesMs: [], percentilesMs: undefined, edges: new Map() });
      const old = this.seconds[next - KEPT_SECONDS];
      if (old !== undefined) {
        old.percentilesMs = percentilesOf(old.latenciesMs);
        old.latenciesMs = [];
      }
    }
    return this.seconds[number] as Second;
  }

  /** p50, p95 and p99 of one second, counted from 0. */
  percentilesOf(number: number): Second['percentilesMs'] {
    const second = this.seconds[number];
    return second?.percentilesMs ?? percentilesOf(second?.latenciesMs ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map(({ file }) => file[Symbol.asyncDispose]()));
  }
}

function percentilesOf(latenciesMs: readonly number[]): Second['percentilesMs'] {
  if (latenciesMs.length === 0) return undefined;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (percentile: number) => percentileOf(sorted, percentile) ?? 0;
  return [at(50), at(95), at(99)];
}
