import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ProgramSpec, RunningProgram } from '../../kit/supervisor/client.ts';
import type { LoadJob } from '../../load/contract.ts';
import { type Generator, k6Environment, type LoadPart } from '../../load/generators.ts';
import { saidInLog } from '../../load/k6-log.ts';

export interface LocalK6 extends LoadPart {
  readonly k6: string;
  /** Address of k6's own REST interface. */
  readonly api: string;
  readonly directory: string;
  /** Host name of a service, or one with its port → where the client's sidecar takes that: names work as they do in a cluster. */
  readonly names: Readonly<Record<string, string>>;
  launch(spec: ProgramSpec): Promise<RunningProgram>;
}

/** Starts k6 paused: its virtual users are there before the load begins. */
export async function startK6(job: LoadJob, lab: LocalK6): Promise<Generator> {
  await mkdir(lab.directory, { recursive: true });
  const config = join(lab.directory, 'config.json');
  const summary = join(lab.directory, job.summary);
  const said = saidInLog(lab.log);
  await rm(summary, { force: true });
  await Promise.all([
    ...Object.entries(job.files).map(([name, content]) => writeFile(join(lab.directory, name), content)),
    writeFile(config, JSON.stringify({ hosts: lab.names })),
  ]);
  const program = await lab.launch({
    name: lab.name,
    command: lab.k6,
    args: [
      'run',
      '--paused',
      '--address',
      lab.api,
      '--config',
      config,
      ...lab.segment,
      ...job.args,
      isAbsolute(job.script) ? job.script : join(lab.directory, job.script),
    ],
    env: {
      HOME: lab.directory,
      ...k6Environment,
    },
    cwd: lab.directory,
    log: lab.log,
  });
  return {
    label: lab.name,
    api: lab.api,
    exited: program.exited.then(({ code, signal }) => ({ code, signal: signal ?? undefined })),
    get over() {
      return program.exit !== undefined;
    },
    ...said,
    summary: () => readFile(summary, 'utf8').catch(() => undefined),
    stop: () => program.signal('SIGINT'),
    kill: async () => {
      await program.kill();
    },
  };
}
