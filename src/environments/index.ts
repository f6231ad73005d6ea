import type { Progress } from '../kit/terminal.ts';
import type { Mesh } from '../meshes/contract.ts';
import { fetchPrograms } from '../toolchain/fetch.ts';
import type { Environment } from './contract.ts';
import { localEnvironment } from './local/environment.ts';

type MakeEnvironment = (mesh: Mesh, progress: Progress, signal: AbortSignal) => Environment;

/** Every place a mesh can run. */
export const environments = {
  local: (mesh, progress, signal) =>
    localEnvironment(mesh, () => fetchPrograms(['k6', ...mesh.hostPrograms], progress, signal)),
} as const satisfies Record<string, MakeEnvironment>;

export const environmentNames = Object.keys(environments) as (keyof typeof environments)[];
