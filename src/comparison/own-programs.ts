import { resolve } from 'node:path';
import { parseCommandString } from 'execa';
import type { EnvironmentOptions, OwnProgram } from '../environments/contract.ts';
import type { EnvironmentName } from '../environments/index.ts';
import { kindSettings } from '../environments/kind/versions.ts';
import { usageError } from '../kit/errors.ts';
import { findOnPath, isExecutableFile } from '../kit/executable.ts';
import { quote } from '../kit/nearest.ts';
import { runProgram } from '../kit/run-program.ts';
import type { Progress } from '../kit/terminal.ts';
import { ENVOY_VERSIONS } from '../toolchain/envoy-wheels.ts';
import { reportTo, resolveEnvoy } from '../toolchain/index.ts';
import type { Side } from './sides.ts';

const TIME_LIMIT_MS = 10_000;

/**
 * What of a side takes the place of programs that its environment would run: an Envoy, and an app. `option`: "--b".
 * Throws a usage error for what is none, or cannot be there.
 */
export async function ownPrograms(
  option: string,
  { envoy, app, mesh }: Side,
  env: EnvironmentName,
  progress: Progress,
  signal: AbortSignal,
): Promise<EnvironmentOptions> {
  if (envoy !== undefined && env !== 'local') {
    throw usageError(
      `${option}: in ${env} the Envoy is the one of the sidecars' image`,
      'compare Envoys on the local lab, without env:kind',
    );
  }
  const version = /^\d/.test(mesh ?? '');
  if (version && env === 'kind' && kindSettings(process.env).mesh.tag !== undefined) {
    throw usageError(
      `${option}: mesh:${mesh} would not be what runs: BREAKWATER_KIND_ISTIO_TAG names one image for both sides`,
      'unset it',
    );
  }
  return {
    ...(app === undefined ? {} : { app: env === 'local' ? appCommand(option, app) : appImage(option, app) }),
    ...(envoy === undefined ? {} : { programs: { envoy: await ownEnvoy(option, envoy, progress, signal) } }),
  };
}

/** An Envoy of a version that has pins, or of a file, once it has said which one it is. */
async function ownEnvoy(
  option: string,
  named: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<OwnProgram> {
  if (/^\d+\.\d+(\.\d+)?$/.test(named)) {
    const { path, version } = await resolveEnvoy(named, { signal, onProgress: reportTo(progress) });
    return { path, version };
  }
  const path = resolve(named);
  if (!isExecutableFile(path)) {
    throw usageError(
      `${option}: envoy:${named} is no program and no version`,
      `name the file of an Envoy for this machine, or one of ${ENVOY_VERSIONS.join(', ')}`,
    );
  }
  const { stdout, stderr } = await runProgram({
    program: path,
    args: ['--version'],
    group: 'tied',
    timeoutMs: TIME_LIMIT_MS,
    signal,
  });
  // "envoy  version: 6d9bb7d9a85d616b220d1f8fe67b61f82bbdb8d3/1.37.0/Clean/RELEASE/BoringSSL"
  const version = /version: \w*\/([^/\s]+)\//.exec(stdout + stderr)?.[1];
  if (version !== undefined) return { path, version };
  throw usageError(`${option}: ${named} does not say that it is an Envoy`, `${named} --version is asked`);
}

/** The words of a command, the first one a program that is there. */
function appCommand(option: string, text: string): readonly string[] {
  const [name = '', ...rest] = parseCommandString(text);
  const path = name.includes('/') ? resolve(name) : findOnPath([name], process.env);
  if (path !== undefined && isExecutableFile(path)) return [path, ...rest];
  throw usageError(
    `${option}: app:${text}: there is no program ${quote(name)}`,
    'on the local lab an app is a command, its words with spaces between them (one in a word is written "\\ "); it is told by variables where to listen: docs/comparing.md',
  );
}

/** The name of an image. */
function appImage(option: string, text: string): readonly string[] {
  if (/^[\w.:/@-]+$/.test(text)) return [text];
  throw usageError(
    `${option}: app:${text} is no name of an image`,
    'in containers an app is an image, such as app:registry.example.com/shop:2; a command is one on the local lab',
  );
}
