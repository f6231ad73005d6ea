import { readFile } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import type { LoadJob } from '../../load/contract.ts';
import { type Generator, k6Environment, type LoadPart, tellGenerator } from '../../load/generators.ts';
import { saidInLog } from '../../load/k6-log.ts';
import { textIn } from './archive.ts';
import type { Containers } from './containers.ts';

/** Of k6's own interface; the next ones when a client has several loads. */
const firstPort = 6_565;
const folder = '/breakwater';
const configuration = 'config.json';
/** As in its official image. */
const user = 12_345;

export interface ContainerK6 extends LoadPart {
  readonly image: string;
  /** Container whose network it runs in. */
  readonly network: string;
  /** "127.0.0.1:49153/": what its address in that network is put behind. */
  readonly door: string;
  readonly containers: Containers;
  /** Host name with its port → where that is for this k6 alone. */
  readonly names: Readonly<Record<string, string>>;
}

/** Starts k6 paused: its virtual users are there before the load begins. */
export async function startK6(job: LoadJob, lab: ContainerK6): Promise<Generator> {
  const files: Record<string, string> = {
    ...job.files,
    [configuration]: JSON.stringify({ hosts: lab.names }),
  };
  let { script } = job;
  if (isAbsolute(script)) {
    files[basename(script)] = await readFile(script, 'utf8');
    script = basename(script);
  }
  const said = saidInLog(lab.log);
  const address = `127.0.0.1:${firstPort + job.number}`;
  // One load after the other, and the one before may not be gone yet.
  await lab.containers.remove(lab.name);
  const k6 = await lab.containers.launch(
    {
      name: lab.name,
      image: lab.image,
      command: [
        'k6',
        'run',
        '--paused',
        '--address',
        address,
        '--config',
        configuration,
        ...lab.segment,
        ...job.args,
        script,
      ],
      env: { HOME: folder, ...k6Environment },
      user,
      directory: folder,
      files: Object.entries(files).map(([name, content]) => ({ path: `${folder}/${name}`, content })),
      network: { of: lab.network },
      log: lab.log,
    },
    true,
  );
  const exited = k6.ended.promise.then(async (code) => {
    await k6.logged;
    return code === 137 ? { code: null, signal: 'SIGKILL' } : { code };
  });
  const generator: Generator = {
    label: lab.name,
    api: `${lab.door}${address}`,
    exited,
    get over() {
      return !k6.runs;
    },
    ...said,
    summary: () => readSummary(k6.container, job.summary),
    stop: () => {
      tellGenerator(generator, { stopped: true }).catch(() => {});
    },
    kill: () => lab.containers.remove(lab.name),
  };
  return generator;
}

/** Undefined when k6 has written none. */
async function readSummary(
  container: { getArchive(options: { path: string }): Promise<NodeJS.ReadableStream> },
  name: string,
): Promise<string | undefined> {
  try {
    return await textIn(await container.getArchive({ path: `${folder}/${name}` }));
  } catch {
    return undefined;
  }
}
