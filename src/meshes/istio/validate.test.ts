import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../kit/errors.ts';
import { validateWithIstioctl } from './validate.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-validate-'));
});
afterAll(() => rm(directory, { recursive: true }));

const files = [{ file: 'mesh.yaml', path: '/mesh.yaml', content: '' }];

/** A program in istioctl's place that does what a shell script says. */
async function program(script: string): Promise<string> {
  const path = join(directory, 'istioctl');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const refusal = `echo '	* DestinationRule/default/rule: interval must be at least 1ms' >&2`;

describe('istioctl validate', () => {
  it('says what Istio refuses: a mistake of the operator', async () => {
    const istioctl = await program(`${refusal}; exit 1`);
    await expect(validateWithIstioctl(istioctl, files, [])).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: 'mesh.yaml: DestinationRule/rule: interval must be at least 1ms',
    });
  });

  it.each([
    ['takes too long', 'exec sleep 60', 'istioctl validate was not done after 0.3 s'],
    [
      'takes too long in the middle of its answer',
      `${refusal}; exec sleep 60`,
      'istioctl validate was not done after 0.3 s: * DestinationRule',
    ],
    ['is killed', 'kill -9 $$', 'istioctl validate was stopped by SIGKILL'],
    [
      'has trouble of its own',
      'echo "Error: no space left" >&2; exit 1',
      'istioctl validate failed with exit code 1: Error: no space left',
    ],
  ])('that %s is no mistake of the operator', async (_, script, words) => {
    const istioctl = await program(script);
    const timeoutMs = script.includes('sleep') ? 300 : 20_000;
    await expect(validateWithIstioctl(istioctl, files, [], { timeoutMs })).rejects.toMatchObject({
      exitCode: ExitCode.environment,
      message: expect.stringContaining(words),
      hint: expect.stringContaining('nothing is known about the configuration'),
    });
  });

  it('that is not there is no mistake of the operator', async () => {
    await expect(validateWithIstioctl(join(directory, 'missing'), files, [])).rejects.toMatchObject({
      exitCode: ExitCode.environment,
      message: 'istioctl validate could not be started: ENOENT',
    });
  });

  it('ends with the run', async () => {
    const istioctl = await program('exec sleep 60');
    const interrupt = new AbortController();
    const reason = new Error('interrupted');
    setTimeout(() => interrupt.abort(reason), 100);
    await expect(validateWithIstioctl(istioctl, files, [], { signal: interrupt.signal })).rejects.toBe(
      reason,
    );
  });
});
