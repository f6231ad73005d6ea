import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import { closedOff } from '../load/k6.ts';
import type { ProbeResult } from '../model/evidence.ts';
import { OUTSIDE, type PlannedProbe } from './planned.ts';
import { PROBE_RESULT, probeScript } from './script.ts';

/** The probes of a trial, with their k6 there and held; disposing ends them. */
export interface PreparedProbes extends AsyncDisposable {
  /** Resolves when all can begin at once. */
  ready(): Promise<void>;
  begin(): Promise<void>;
  stop(): void;
  /** Waits for all of them to end, and writes what came of each request into probes.jsonl of the evidence folder. */
  finish(evidence: string, interrupted: () => boolean): Promise<void>;
}

interface ProbesWanted {
  readonly probes: readonly PlannedProbe[];
  /** How long they go on: as long as the loads. */
  readonly durationMs: number;
  /** How many loads are prepared beside them. */
  readonly loads: number;
  /** How many clients a service has. */
  clients(service: string): number;
  /** The name by which a service is called. */
  host(service: string): string;
  prepare(job: LoadJob): Promise<PreparedLoad>;
}

/** Prepares every probe of a trial: one k6 for each caller's clients sends all of theirs. */
export async function prepareProbes(wanted: ProbesWanted): Promise<PreparedProbes> {
  const { probes, durationMs, loads, prepare } = wanted;
  await using stack = new AsyncDisposableStack();
  const callers = [...Map.groupBy(probes, ({ from }) => from)];
  const all = await Promise.all(
    callers.map(async ([from, own], index) => {
      const pods = from === OUTSIDE ? 1 : wanted.clients(from);
      const script = probeScript(own, (service) => wanted.host(service), durationMs, pods);
      const job: LoadJob = {
        ...script,
        args: [...closedOff, ...script.args],
        from: from === OUTSIDE ? undefined : from,
        number: loads + index,
        // No load is called so: a dot is in no load's name.
        name: `probes.${from}`,
      };
      return { from, load: stack.use(await prepare(job)) };
    }),
  );
  const releases = stack.move();
  return {
    async ready() {
      await Promise.all(all.map(({ load }) => load.ready()));
    },
    async begin() {
      await Promise.all(all.map(({ load }) => load.begin()));
    },
    stop() {
      for (const { load } of all) load.stop();
    },
    async finish(evidence, interrupted) {
      const ended = await Promise.all(
        all.map(async ({ load: { finished }, from }) => {
          const { code, signal, lastLines, printed } = await finished;
          if (code === 0 || interrupted()) return printed;
          const how = code === null ? (signal ?? 'a signal') : `exit code ${code}`;
          throw environmentError(`the k6 that sends the probes from ${from} ended with ${how}`, lastLines);
        }),
      );
      const results = ended.flatMap((printed) => printed.flatMap((line) => readResult(line) ?? []));
      const text = results.map((result) => `${JSON.stringify(result)}\n`).join('');
      if (probes.length > 0) await writeFile(join(evidence, 'probes.jsonl'), text);
    },
    [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
  };
}

/** A line that the script printed: "breakwater-probe 3 0 1750000000123 12.3 200 0 edge-app-east-1"; undefined for a torn one. */
export function readResult(line: string): ProbeResult | undefined {
  const [start, ...fields] = line.trimEnd().split(' ');
  const [instance, headers = '%7B%7D'] = fields.slice(6);
  const [probe, count, sentAt, durationMs, status, errorCode] = fields.slice(0, 6).map(Number);
  const numbers = [probe, count, sentAt, durationMs, status, errorCode];
  if (start !== PROBE_RESULT || instance === undefined || !numbers.every(Number.isFinite)) return undefined;
  return {
    probe: probe ?? 0,
    count: count ?? 0,
    sentAt: sentAt ?? 0,
    durationMs: durationMs ?? 0,
    status: status ?? 0,
    errorCode: errorCode ?? 0,
    ...(instance === '-' ? {} : { instance }),
    ...headersOf(headers),
  };
}

/** Headers of an answer that somebody asks for, where it has any and the line is whole. */
function headersOf(text: string): Pick<ProbeResult, 'headers'> {
  try {
    const headers = JSON.parse(decodeURIComponent(text));
    return Object.keys(headers).length === 0 ? {} : { headers };
  } catch {
    return {};
  }
}
