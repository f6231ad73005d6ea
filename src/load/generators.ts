import type { Agent } from 'node:http';
import { join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { eventually, notYet, notYetSince } from '../kit/eventually.ts';
import { type HttpRequest, http } from '../kit/http.ts';
import { isMap } from '../kit/path.ts';
import { generatorName, type ScriptComplaint } from '../model/evidence.ts';
import { type K6Script, LOAD_STARTED, type LoadJob, type PreparedLoad } from './contract.ts';

const prepareTimeoutMs = 120_000;
const beginTimeoutMs = 20_000;

/** What every k6 is started with. */
export const k6Environment = {
  K6_NO_USAGE_REPORT: 'true',
  K6_AUTO_EXTENSION_RESOLUTION: 'false',
  NO_COLOR: '1',
  // Collecting garbage less often costs memory and spares the schedule.
  GOGC: '400',
} as const;

/** One k6 that was started paused, wherever it runs. */
export interface Generator {
  /** What a person calls it: "k6", "k6 in frontend-5c9f". */
  readonly label: string;
  /** host:port of its REST interface, and the way there when it is not the usual one. */
  readonly api: string;
  readonly agent?: Agent;
  /** Its exit code; null when a signal, which may be known, or a broken connection ended it. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal?: string | undefined }>;
  readonly over: boolean;
  /** What it has printed in this load, at least the beginning. */
  said(): Promise<string>;
  lastLines(): string;
  /** What its script has complained of in this load. */
  complaints(): Promise<readonly ScriptComplaint[]>;
  /** The lines of this load that begin so. */
  printed(start: string): Promise<readonly string[]>;
  /** Its totals, when it has written them. */
  summary(): Promise<string | undefined>;
  stop(): void;
  kill(): Promise<void>;
}

/** The part of a load that one k6 has. */
export interface LoadPart {
  /** What it is called among the programs of the lab. */
  readonly name: string;
  /** As k6's arguments. */
  readonly segment: readonly string[];
  readonly log: string;
}

/** A k6 at each of the places where a load comes from, paused, with its log in a folder. */
export async function startAtEach<Place>(
  places: readonly Place[],
  job: LoadJob,
  logs: string,
  start: (place: Place, part: LoadPart, index: number) => Promise<Generator>,
): Promise<PreparedLoad> {
  const count = places.length;
  const generators = await Promise.all(
    places.map((place, index) => {
      const name = generatorName(index, count, job.name);
      const part = { name, segment: segment(index, count), log: join(logs, `${name}.log`) };
      return start(place, part, index);
    }),
  );
  return spreadLoad(job, generators);
}

/**
 * One load out of one k6 or several. Several have a segment each of one test: the rate is divided, and
 * iterations keep one numbering, so that due times stay true.
 */
function spreadLoad(job: K6Script, generators: readonly Generator[]): PreparedLoad {
  let readiness: Promise<void> | undefined;
  const ready = () => {
    readiness ??= Promise.all(generators.map(prepared)).then(() => {});
    return readiness;
  };
  const finished = Promise.all(generators.map(({ exited }) => exited)).then(async (ends) => {
    const summaries = await Promise.all(generators.map((each) => each.summary()));
    const failed = ends.findIndex(({ code }) => code !== 0);
    const known = summaries.filter((summary): summary is string => summary !== undefined && isWhole(summary));
    const complaints = job.complains ? await Promise.all(generators.map((each) => each.complaints())) : [];
    const { prints } = job;
    const printed =
      prints === undefined ? [] : await Promise.all(generators.map((each) => each.printed(prints)));
    return {
      complaints: complaints.flat(),
      printed: printed.flat(),
      code: failed < 0 ? 0 : (ends[failed]?.code ?? null),
      signal: ends[failed]?.signal,
      summary: known.length === generators.length ? sumTotals(known) : undefined,
      lastLines: generators[Math.max(0, failed)]?.lastLines() ?? '',
    };
  });
  return {
    finished,
    ready,
    async begin() {
      await ready();
      await Promise.all(generators.map(resume));
      return job.announcesStart ? announcedStart(generators) : Date.now();
    },
    stop() {
      for (const each of generators) if (!each.over) each.stop();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(generators.map((each) => (each.over ? undefined : each.kill())));
    },
  };
}

/** Arguments that give a k6 its part: https://grafana.com/docs/k6/latest/using-k6/k6-options/reference/#execution-segment */
export function segment(index: number, count: number): string[] {
  if (count === 1) return [];
  const at = (part: number) => (part === 0 ? '0' : part === count ? '1' : `${part}/${count}`);
  const sequence = Array.from({ length: count + 1 }, (_, part) => at(part)).join(',');
  return ['--execution-segment', `${at(index)}:${at(index + 1)}`, '--execution-segment-sequence', sequence];
}

/** Totals of several k6: every count is the sum. Percentiles cannot be merged; latencies are in the access logs. */
export function sumTotals(summaries: readonly string[]): string {
  const add = (one: unknown, other: unknown): unknown => {
    if (typeof one === 'number' && typeof other === 'number') return one + other;
    // Of a threshold: whether it was crossed.
    if (typeof one === 'boolean') return one || other;
    if (!isMap(one) || !isMap(other)) return one ?? other;
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return Object.fromEntries([...keys].map((key) => [key, add(one[key], other[key])]));
  };
  const totals = summaries.map((summary): Record<string, unknown> => JSON.parse(summary));
  if (totals.length > 1) for (const each of totals) delete each['latencyMs'];
  const sum = totals.reduce<unknown>(add, {});
  return JSON.stringify(totals.length > 1 ? { ...(sum as object), generators: totals.length } : sum);
}

/** A disk that fills up leaves the beginning, or nothing. */
function isWhole(summary: string): boolean {
  try {
    JSON.parse(summary);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a k6 has all its virtual users and is held by the pause. */
async function prepared(generator: Generator): Promise<void> {
  await eventually(
    async () => {
      refuseEnded(generator, 'while it was starting');
      try {
        const { body } = await askK6(generator, { timeoutMs: 2_000 });
        // Status 4 is "running" to k6: everything is initialised, and held by the pause.
        const state = JSON.parse(body).data.attributes;
        const held = state.paused && state.status >= 4;
        return held ? undefined : notYet(`k6 is still preparing (status ${state.status})`);
      } catch (error) {
        return notYetSince(error);
      }
    },
    { waitingFor: `${generator.label} to prepare its virtual users`, timeoutMs: prepareTimeoutMs },
  );
}

const resume = (generator: Generator) => tellGenerator(generator, { paused: false });

const askK6 = ({ api, agent }: Generator, request: HttpRequest) =>
  http(`http://${api}/v1/status`, agent ? { ...request, agent } : request);

/** https://grafana.com/docs/k6/latest/reference/k6-rest-api/ */
export async function tellGenerator(generator: Generator, attributes: object): Promise<void> {
  const answer = await askK6(generator, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: { type: 'status', id: 'default', attributes } }),
    timeoutMs: 5_000,
  });
  if (answer.status !== 200) {
    throw environmentError(`${generator.label} answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }
}

/** The one with the first iteration says when the schedule starts; every due time counts from there. */
async function announcedStart(generators: readonly Generator[]): Promise<number> {
  const line = new RegExp(`${LOAD_STARTED} (\\d+)`);
  return eventually(
    async () => {
      for (const each of generators) {
        const match = line.exec(await each.said());
        if (match) return Number(match[1]);
        refuseEnded(each, 'before it began');
      }
      return notYet('k6 has not begun');
    },
    { waitingFor: 'k6 to begin', timeoutMs: beginTimeoutMs, everyMs: 10 },
  );
}

function refuseEnded(generator: Generator, when: string): void {
  if (!generator.over) return;
  throw environmentError(`${generator.label} ended ${when}`, `its last lines:\n${generator.lastLines()}`);
}
