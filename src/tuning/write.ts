import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { usageError } from '../kit/errors.ts';
import { refusalOf } from '../kit/folder.ts';
import { writeOutput } from '../kit/output-file.ts';
import { ProblemsError } from '../kit/problems.ts';
import type { Mesh, PoolCalls } from '../meshes/contract.ts';
import type { PoolLimits } from '../model/pool-limits.ts';

/** A file that is to get the limits that a search finds. */
export interface Destination {
  readonly file: string;
  /** Puts the limits into the file as it is by then; writes a new rule where there is none. */
  write(limits: PoolLimits): Promise<void>;
}

/**
 * Where `--write` leads to. Throws a usage error, before any trial, where limits could not be written there: a file
 * without a rule for the service, or one in which they cannot be set without changing more than them.
 */
export function destinationOf(
  file: string,
  mesh: Pick<Mesh, 'pools' | 'lintConfiguration'>,
  calls: PoolCalls,
): Destination {
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  const text = (limits: PoolLimits) =>
    isThere ? changed(file, mesh, calls, limits) : mesh.pools.newRule(calls, limits, file).text;
  const refusal = isThere ? undefined : refusalOf(dirname(resolve(file)));
  if (refusal !== undefined) throw usageError(`--write: ${file} cannot be written: ${refusal}`);
  // Whether it can be done shows with any limits.
  text({ 'tcp.maxConnections': 1 });
  return { file, write: (limits) => writeOutput(file, text(limits)) };
}

function changed(
  file: string,
  mesh: Pick<Mesh, 'pools' | 'lintConfiguration'>,
  calls: PoolCalls,
  limits: PoolLimits,
): string {
  const content = contentOf(file);
  const { problems, sound } = mesh.lintConfiguration([{ file, path: resolve(file), content }]);
  const rule = mesh.pools.ruleFor(
    sound.map((resource) => ({ ...resource, namespace: resource.namespace || calls.namespace })),
    calls,
  );
  if (rule !== undefined) return mesh.pools.withLimits(content, rule, calls, limits);
  if (problems.length > 0) throw new ProblemsError(problems);
  throw usageError(
    `--write: ${file} has no rule for ${calls.to}`,
    'name the file with the rule for it, or one that is not there yet',
  );
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`--write: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
