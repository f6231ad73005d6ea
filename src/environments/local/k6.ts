import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { eventually } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { ProgramSpec, RunningProgram } from '../../kit/supervisor/client.ts';
import { tail } from '../../kit/tail.ts';
import { LOAD_STARTED, type LoadJob, type PreparedLoad } from '../contract.ts';

export interface LocalK6 {
  readonly k6: string;
  /** Address of k6's own REST interface. */
  readonly api: string;
  readonly directory: string;
  readonly log: string;
  /** Host name of a service → address of the client's sidecar: names work as they do in a cluster. */
  readonly names: Readonly<Record<string, string>>;
  launch(spec: ProgramSpec): Promise<RunningProgram>;
}

/** Starts k6 paused: its virtual users are there before the load begins. */
export async function prepareK6(job: LoadJob, lab: LocalK6): Promise<PreparedLoad> {
  await mkdir(lab.directory, { recursive: true });
  const config = join(lab.directory, 'config.json');
  // A lab may run many loads, one after the other: what an earlier one said must not be taken for this one's.
  const saidBefore = (await stat(lab.log).catch(() => undefined))?.size ?? 0;
  await rm(join(lab.directory, job.summary), { force: true });
  await Promise.all([
    ...Object.entries(job.files).map(([name, content]) => writeFile(join(lab.directory, name), content)),
    writeFile(config, JSON.stringify({ hosts: lab.names })),
  ]);
  const program = await lab.launch({
    name: 'k6',
    command: lab.k6,
    args: [
      'run',
      '--paused',
      '--address',
      lab.api,
      '--config',
      config,
      ...job.args,
      isAbsolute(job.script) ? job.script : join(lab.directory, job.script),
    ],
    env: {
      HOME: lab.directory,
      K6_NO_USAGE_REPORT: 'true',
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      NO_COLOR: '1',
      // Collecting garbage less often costs memory and spares the schedule.
      GOGC: '400',
    },
    cwd: lab.directory,
    log: lab.log,
  });
  const status = `http://${lab.api}/v1/status`;
  const finished = program.exited.then(async ({ code }) => ({
    code,
    summary: await readFile(join(lab.directory, job.summary), 'utf8').catch(() => undefined),
    lastLines: tail(lab.log, 8),
  }));
  return {
    finished,
    async begin() {
      const ready = eventually(
        async () => {
          try {
            const { body } = await http(status, { timeoutMs: 1_000 });
            // Status 4 is "running" to k6: everything is initialised, and held by the pause.
            const state = JSON.parse(body).data.attributes;
            return state.paused && state.status >= 4 ? {} : `k6 is still preparing (status ${state.status})`;
          } catch (error) {
            return error instanceof Error ? error.message : String(error);
          }
        },
        { waitingFor: 'k6 to prepare its virtual users', timeoutMs: 120_000 },
      );
      await program.until(ready);
      const answer = await http(status, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ data: { type: 'status', id: 'default', attributes: { paused: false } } }),
        timeoutMs: 5_000,
      });
      if (answer.status !== 200)
        throw environmentError(`k6 did not begin: ${answer.status} ${answer.body.slice(0, 200)}`);
      return job.announcesStart ? await announcedStart(lab.log, saidBefore, program) : Date.now();
    },
    stop: () => program.signal('SIGINT'),
    async [Symbol.asyncDispose]() {
      if (program.exit === undefined) await program.kill();
    },
  };
}

/** The generated script says when its schedule starts; every due time counts from there. */
async function announcedStart(log: string, from: number, program: RunningProgram): Promise<number> {
  const line = new RegExp(`${LOAD_STARTED} (\\d+)`);
  const found = eventually(
    async () => {
      const said = await readFile(log).catch(() => Buffer.alloc(0));
      const match = line.exec(said.subarray(from).toString('utf8'));
      return match ? { startedAt: Number(match[1]) } : 'k6 has not begun';
    },
    { waitingFor: 'k6 to begin', timeoutMs: 10_000, everyMs: 10 },
  );
  return (await program.until(found)).startedAt;
}
