import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, root, Workspace } from './breakwater.ts';

export interface CaseOptions {
  /** One of `scenarios/`, for a case that has none of its own; circuit-breaker unless given. */
  readonly scenario?: string;
  /** More of the command line. */
  readonly args?: readonly string[];
  /** For a case that is to be invalid: not made again when it is. */
  readonly once?: boolean;
}

/** Runs a case: test/cases/NAME/mesh.yaml, with the scenario.yaml beside it if there is one. */
export async function runCase(
  name: string,
  { scenario = 'circuit-breaker', args = [], once = false }: CaseOptions = {},
): Promise<Finished> {
  using workspace = new Workspace();
  const own = join('test/cases', name, 'scenario.yaml');
  const file = existsSync(join(root, own)) ? own : `scenarios/${scenario}.yaml`;
  const line = [file, '--config', join('test/cases', name, 'mesh.yaml'), ...args];
  return await (once ? workspace.runOnce(...line) : workspace.run(...line));
}
