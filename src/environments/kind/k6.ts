import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import { tail } from '../../kit/tail.ts';
import { LOAD_STARTED, type LoadJob, type PreparedLoad } from '../contract.ts';
import type { ClusterApi, Forward } from './api.ts';
import { GENERATOR, GENERATOR_FOLDER } from './manifests.ts';

const apiPort = 6_565;
const pidFile = `${GENERATOR_FOLDER}/k6.pid`;
/** What one argument of a command may have, with room to spare. */
const mostBytesAtOnce = 60_000;

export interface Generator {
  readonly instance: string;
  readonly pod: string;
}

interface RunningGenerator extends Generator {
  readonly forward: Forward;
  readonly log: string;
  readonly exited: Promise<number | undefined>;
  said: string;
  over: boolean;
}

/**
 * k6 in every client pod, paused until told to begin. With several of them each has its own segment of one
 * test: the rate is divided, and iterations keep one numbering, so that due times stay true.
 * https://grafana.com/docs/k6/latest/using-k6/k6-options/reference/#execution-segment
 */
export async function prepareK6(
  job: LoadJob,
  api: ClusterApi,
  namespace: string,
  generators: readonly Generator[],
  logs: string,
): Promise<PreparedLoad> {
  const files = { ...job.files };
  let { script } = job;
  if (isAbsolute(script)) {
    files[basename(script)] = await readFile(script, 'utf8');
    script = basename(script);
  }
  await using stack = new AsyncDisposableStack();
  const running = await Promise.all(
    generators.map(async (generator, index) => {
      await writeFiles(api, namespace, generator.pod, files);
      const forward = stack.use(await api.forward(namespace, generator.pod, apiPort));
      const args = [
        'run',
        '--paused',
        '--address',
        `127.0.0.1:${apiPort}`,
        ...segment(index, generators.length),
        ...job.args,
        script,
      ];
      return start(api, namespace, generator, forward, args, join(logs, logName(index, generators.length)));
    }),
  );
  const releases = stack.move();
  const finished = Promise.all(running.map(({ exited }) => exited)).then(async (codes) => {
    const summaries = await Promise.all(
      running.map(({ pod }) => readText(api, namespace, pod, `${GENERATOR_FOLDER}/${job.summary}`)),
    );
    const worst = codes.find((code) => code !== 0);
    const speaking =
      running[
        Math.max(
          0,
          codes.findIndex((code) => code !== 0),
        )
      ];
    const known = summaries.filter((summary) => summary !== undefined);
    return {
      code: codes.every((code) => code === 0) ? 0 : (worst ?? null),
      summary: known.length === running.length ? sumTotals(known) : undefined,
      lastLines: speaking ? tail(speaking.log, 8) : '',
    };
  });
  return {
    finished,
    async begin() {
      await Promise.all(running.map(prepared));
      await Promise.all(running.map((each) => tell(each, { paused: false })));
      return job.announcesStart ? announcedStart(running) : Date.now();
    },
    stop: () => {
      for (const each of running) tell(each, { stopped: true }).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        running
          .filter(({ over }) => !over)
          .map(({ pod }) =>
            api
              .output(namespace, pod, GENERATOR, ['sh', '-c', `kill -9 "$(cat ${pidFile})"`])
              .catch(() => {}),
          ),
      );
      await releases[Symbol.asyncDispose]();
    },
  };
}

const logName = (index: number, count: number) => (count === 1 ? 'k6.log' : `k6-${index + 1}.log`);

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
    if (!isRecord(one) || !isRecord(other)) return one ?? other;
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return Object.fromEntries([...keys].map((key) => [key, add(one[key], other[key])]));
  };
  const totals = summaries.map((summary): Record<string, unknown> => JSON.parse(summary));
  if (totals.length > 1) for (const each of totals) delete each['latencyMs'];
  return JSON.stringify(totals.reduce<unknown>(add, {}));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Puts files into the folder of a generator. */
export async function writeFiles(
  api: ClusterApi,
  namespace: string,
  pod: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await api.output(namespace, pod, GENERATOR, ['sh', '-c', `rm -rf ${GENERATOR_FOLDER}/*`]);
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    for (let at = 0; at === 0 || at < bytes.length; at += mostBytesAtOnce) {
      const part = bytes.subarray(at, at + mostBytesAtOnce).toString('base64');
      const { code, output } = await api.output(namespace, pod, GENERATOR, [
        'sh',
        '-c',
        'printf %s "$2" | base64 -d >> "$1"',
        'sh',
        `${GENERATOR_FOLDER}/${name}`,
        part,
      ]);
      if (code !== 0) throw environmentError(`cannot write ${name} into ${pod}: ${output.trim()}`);
    }
  }
}

async function readText(
  api: ClusterApi,
  namespace: string,
  pod: string,
  path: string,
): Promise<string | undefined> {
  const read = await api.output(namespace, pod, GENERATOR, ['cat', path]).catch(() => undefined);
  return read?.code === 0 ? read.output : undefined;
}

async function start(
  api: ClusterApi,
  namespace: string,
  generator: Generator,
  forward: Forward,
  args: readonly string[],
  log: string,
): Promise<RunningGenerator> {
  const file = createWriteStream(log, { flags: 'a' });
  const running = { ...generator, forward, log, said: '', over: false };
  const { ended } = await api.exec(
    namespace,
    generator.pod,
    GENERATOR,
    ['sh', '-c', `echo $$ > ${pidFile}; cd ${GENERATOR_FOLDER}; exec k6 "$@"`, 'k6', ...args],
    (chunk) => {
      file.write(chunk);
      // The start is announced early; what comes later is in the file.
      if (running.said.length < 65_536) running.said += chunk.toString('utf8');
    },
  );
  const exited = ended.then(async (code) => {
    running.over = true;
    await new Promise<void>((resolve) => file.end(() => resolve()));
    return code;
  });
  return Object.assign(running, { exited });
}

/** Waits until k6 has all its virtual users and is held by the pause. */
async function prepared(generator: RunningGenerator): Promise<void> {
  await eventually(
    async () => {
      if (generator.over)
        throw environmentError(
          `k6 in ${generator.pod} ended while it was starting`,
          `its last lines:\n${tail(generator.log, 8)}`,
        );
      try {
        const { body } = await http(`http://${generator.forward.address}/v1/status`, { timeoutMs: 2_000 });
        // Status 4 is "running" to k6: everything is initialised, and held by the pause.
        const state = JSON.parse(body).data.attributes;
        return state.paused && state.status >= 4 ? {} : `k6 is still preparing (status ${state.status})`;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    { waitingFor: `k6 in ${generator.pod} to prepare its virtual users`, timeoutMs: 120_000, everyMs: 100 },
  );
}

async function tell(generator: RunningGenerator, attributes: object): Promise<void> {
  const answer = await http(`http://${generator.forward.address}/v1/status`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: { type: 'status', id: 'default', attributes } }),
    timeoutMs: 5_000,
  });
  if (answer.status !== 200) {
    throw environmentError(`k6 in ${generator.pod} answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }
}

/** The generated script says when its schedule starts; every due time counts from there. */
async function announcedStart(generators: readonly RunningGenerator[]): Promise<number> {
  const line = new RegExp(`${LOAD_STARTED} (\\d+)`);
  const found = await eventually(
    async () => {
      for (const { said, over, pod, log } of generators) {
        const match = line.exec(said);
        if (match) return { startedAt: Number(match[1]) };
        if (over) throw environmentError(`k6 in ${pod} ended before it began`, tail(log, 8));
      }
      return 'k6 has not begun';
    },
    { waitingFor: 'k6 to begin', timeoutMs: 20_000, everyMs: 20 },
  );
  return found.startedAt;
}
