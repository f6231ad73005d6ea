import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest } from '../kit/nearest.ts';
import { packageRoot } from '../kit/package-root.ts';
import { ProblemsError } from '../kit/problems.ts';

/** What may be the name of a scenario, and no path to a file of one. */
const bareName = /^[\w-]+$/;

/**
 * The file that is meant where a command takes a scenario: what stands at that path, or else the scenario of that bare
 * name (`circuit-breaker`) that came along with Breakwater. Throws a ProblemsError for a bare name that is neither;
 * what is wrong with a path is left to whoever reads it.
 */
export function scenarioNamed(named: string): string {
  if (!bareName.test(named) || existsSync(named)) return named;
  const folder = fileURLToPath(new URL('scenarios', packageRoot));
  const names = scenariosIn(folder);
  if (names.includes(named)) return shown(join(folder, `${named}.yaml`));
  const meant = nearest(named, names);
  const hint = `${meant === undefined ? '' : `did you mean ${meant}? `}there are ${names.join(', ')}`;
  const message = 'there is no such file, and no scenario of this name came along with Breakwater';
  throw new ProblemsError([{ file: named, message, hint }]);
}

function scenariosIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** A path as one would type it where one stands: relative as far as it lies below. */
function shown(path: string): string {
  const below = relative('', path);
  return below.startsWith('..') ? path : below;
}
