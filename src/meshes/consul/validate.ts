import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../../kit/problems.ts';
import { runProgram } from '../../kit/run-program.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { placeOfRefusal } from './refusal-place.ts';

const timeLimitMs = 30_000;

/**
 * What Consul itself says against entries, each by itself: `consul validate` takes the configuration of an agent, which
 * may hold entries. It needs nothing that runs.
 */
export async function refusedByConsul(
  consul: string,
  resources: readonly MeshResource[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-entries-'));
  try {
    const problems: Problem[] = [];
    for (const [index, resource] of resources.entries()) {
      const path = join(folder, `${index}.json`);
      const agent = {
        data_dir: folder,
        server: true,
        bootstrap: true,
        bind_addr: '127.0.0.1',
        config_entries: { bootstrap: [resource.value] },
      };
      await writeFile(path, JSON.stringify(agent));
      const said = await wordsAgainst(consul, path, signal);
      if (said !== undefined) problems.push(problemOf(resource, said));
    }
    return problems;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function wordsAgainst(consul: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const result = await runProgram({
    program: consul,
    args: ['validate', '-quiet', path],
    group: 'tied',
    timeoutMs: timeLimitMs,
    signal,
  });
  if (result.ended === 'ok') return undefined;
  signal.throwIfAborted();
  return result.stderr || result.stdout;
}

/** With the words that are about the entry alone. */
function problemOf({ file, kind, name, lineOf }: MeshResource, said: string): Problem {
  const about = said
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/^.*?config_entries\.bootstrap\[\d+\]:?\s*/, '')
    .replace(/^Config validation failed: /, '')
    // A list of one.
    .replaceAll(/1 error occurred: \* /g, '');
  const path = placeOfRefusal(about);
  return {
    file,
    line: lineOf(path),
    path: [`${kind}/${name}`, ...path].join('.'),
    message: `Consul refuses it: ${about}`,
  };
}
