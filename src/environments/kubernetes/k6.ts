import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import type { LoadJob, PreparedLoad } from '../../load/contract.ts';
import { type Generator, startAtEach, tellGenerator } from '../../load/generators.ts';
import { saidInLog } from '../../load/k6-log.ts';
import type { ClusterApi } from './api.ts';
import { GENERATOR, GENERATOR_FOLDER } from './manifests.ts';
import type { PodAgent } from './pod-agent.ts';
import { writeFiles } from './pod-files.ts';

/** Of k6's own REST interface; the next ones when a pod has several loads. */
const firstPort = 6_565;
/** In the folder of each load. */
const pidFile = 'k6.pid';
/** The start is announced early; what comes later is in the log. */
const mostSaid = 65_536;

/** A k6 in each of the load's client pods, each through its own sidecar, paused until told to begin. */
export async function prepareK6(
  job: LoadJob,
  api: ClusterApi,
  namespace: string,
  pods: readonly string[],
  logs: string,
): Promise<PreparedLoad> {
  const files = { ...job.files };
  let { script } = job;
  if (isAbsolute(script)) {
    files[basename(script)] = await readFile(script, 'utf8');
    script = basename(script);
  }
  const folder = `${GENERATOR_FOLDER}/${job.name ?? 'load'}`;
  const apiPort = firstPort + job.number;
  await using stack = new AsyncDisposableStack();
  const load = stack.use(
    await startAtEach(pods, job, logs, async (pod, { segment, log }) => {
      await writeFiles(api, { namespace, pod, container: GENERATOR }, folder, files);
      const agent = stack.use(api.forward(namespace, pod, apiPort));
      const args = ['run', '--paused', '--address', `127.0.0.1:${apiPort}`, ...segment, ...job.args, script];
      return start({ api, namespace, pod, folder, apiPort, agent, args, log, summary: job.summary });
    }),
  );
  const releases = stack.move();
  return {
    finished: load.finished,
    ready: () => load.ready(),
    begin: () => load.begin(),
    stop: () => load.stop(),
    [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
  };
}

/** Ends every k6 of a run that was killed, which goes on in its pod; whether there was one. */
export async function endOrphan(api: ClusterApi, namespace: string, pod: string): Promise<boolean> {
  // Its number may be another process's by now.
  const script = `found=1; for file in ${GENERATOR_FOLDER}/*/${pidFile}; do pid=$(cat "$file" 2>/dev/null) && grep -qx k6 "/proc/$pid/comm" && kill -9 "$pid" && found=0; done; exit $found`;
  const { code } = await api.output(namespace, pod, GENERATOR, ['sh', '-c', script]);
  return code === 0;
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

interface PodK6 {
  readonly api: ClusterApi;
  readonly namespace: string;
  readonly pod: string;
  readonly folder: string;
  readonly apiPort: number;
  readonly agent: PodAgent;
  readonly args: readonly string[];
  readonly log: string;
  readonly summary: string;
}

async function start(k6: PodK6): Promise<Generator> {
  const { api, namespace, pod, folder, apiPort, agent, args, log, summary } = k6;
  const inLog = saidInLog(log);
  const file = createWriteStream(log, { flags: 'a' });
  let said = '';
  let over = false;
  const { ended } = await api.exec(
    namespace,
    pod,
    GENERATOR,
    ['sh', '-c', `cd ${folder}; echo $$ > ${pidFile}; exec k6 "$@"`, 'k6', ...args],
    (chunk) => {
      file.write(chunk);
      if (said.length < mostSaid) said += chunk.toString('utf8');
    },
  );
  const exited = ended.then(async (code) => {
    over = true;
    await new Promise<void>((resolve) => file.end(() => resolve()));
    return { code: code ?? null };
  });
  const generator: Generator = {
    label: `k6 in ${pod}`,
    api: `localhost:${apiPort}`,
    agent,
    exited,
    get over() {
      return over;
    },
    ...inLog,
    // The file may not have all of it yet.
    said: async () => said,
    summary: () => readText(api, namespace, pod, `${folder}/${summary}`),
    stop: () => {
      tellGenerator(generator, { stopped: true }).catch(() => {});
    },
    kill: async () => {
      const command = ['sh', '-c', `kill -9 "$(cat ${folder}/${pidFile})"`];
      await api.output(namespace, pod, GENERATOR, command).catch(() => {});
    },
  };
  return generator;
}
