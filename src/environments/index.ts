import type { Progress } from '../kit/terminal.ts';
import type { Mesh } from '../meshes/contract.ts';
import { fetchPrograms } from '../toolchain/fetch.ts';
import type { Program } from '../toolchain/index.ts';
import type { Environment } from './contract.ts';
import { kindActions, kindEnvironment } from './kind/environment.ts';
import { localActions, localEnvironment } from './local/environment.ts';

interface EnvironmentOptions {
  /** Whether what took long to make stays for the next run: a cluster. */
  readonly keep?: boolean;
}

type MakeEnvironment = (
  mesh: Mesh,
  progress: Progress,
  signal: AbortSignal,
  options?: EnvironmentOptions,
) => Environment;

/** What each environment starts or calls for a mesh. */
export const environmentPrograms = {
  local: (mesh) => ['k6', ...mesh.hostPrograms],
  kind: (mesh) => mesh.cluster.programs,
} as const satisfies Record<string, (mesh: Mesh) => readonly Program[]>;

/** What each environment can do, known before one is made. */
export const environmentActions = {
  local: localActions,
  kind: kindActions,
} as const satisfies Record<keyof typeof environmentPrograms, Environment['performs']>;

/** Every place a mesh can run. */
export const environments = {
  local: (mesh, progress, signal) =>
    localEnvironment(mesh, () => fetchPrograms(environmentPrograms.local(mesh), progress, signal)),
  kind: (mesh, progress, signal, options) =>
    kindEnvironment(mesh, () => fetchPrograms(environmentPrograms.kind(mesh), progress, signal), options),
} as const satisfies Record<keyof typeof environmentPrograms, MakeEnvironment>;

export const environmentNames = Object.keys(environments) as (keyof typeof environments)[];
