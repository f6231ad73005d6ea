import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../kit/errors.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { askIstioctl, validateWithIstioctl } from './validate.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-validate-'));
});
afterAll(() => rm(directory, { recursive: true }));

const resource = (file: string, name = 'rule', namespace = 'default'): MeshResource => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  name,
  namespace,
  value: { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name }, spec: {} },
  file,
  line: 3,
  lineOf: () => 3,
});
const resources = [resource('mesh.yaml')];

/** A program in istioctl's place that does what a shell script says. */
async function program(script: string): Promise<string> {
  const path = join(directory, 'istioctl');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const refusal = `echo 'Error: 1 error occurred:
	* DestinationRule/default/rule: interval must be at least 1ms' >&2`;

describe('istioctl validate', () => {
  it('says what Istio refuses: a mistake of the operator', async () => {
    const istioctl = await program(`${refusal}; exit 1`);
    await expect(validateWithIstioctl(istioctl, resources)).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: 'mesh.yaml:3: DestinationRule/rule: interval must be at least 1ms',
    });
  });

  it('tells resources of one name apart, whatever their files are called', async () => {
    const alternatives = [
      resource('a, "b".yaml'),
      resource('c.yaml'),
      resource('d.yaml', 'rule-2'),
      resource('e.yaml', 'rule', 'other'),
      resource('f.yaml'),
    ];
    // Refuses whatever it gets, by the names that it gets.
    const istioctl = await program(
      `cat > ${join(directory, 'input.yaml')}
      echo 'Error: 5 errors occurred:' >&2
      sed -n 's/^  name: //p' ${join(directory, 'input.yaml')} | while read -r name; do
        echo "	* DestinationRule/default/$name: refused" >&2
      done
      exit 1`,
    );
    const { problems } = await askIstioctl(istioctl, alternatives);
    expect(problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
      'a, "b".yaml: DestinationRule/rule: refused',
      'a, "b".yaml: DestinationRule/rule: refused',
      'c.yaml: DestinationRule/rule: refused',
      'd.yaml: DestinationRule/rule-2: refused',
      'f.yaml: DestinationRule/rule: refused',
    ]);
  });

  it('tells warnings from refusals, and none that is about every EnvoyFilter', async () => {
    const warnings = `echo '"-" has warnings:
	* DestinationRule/default/rule: unusual
	* DestinationRule/default/rule: EnvoyFilter exposes internal implementation details' >&2`;
    const said = { file: 'mesh.yaml', line: 3, message: 'DestinationRule/rule: unusual' };
    expect(await askIstioctl(await program(warnings), resources)).toEqual({ problems: [], warnings: [said] });
    const both = await program(`${warnings}; ${refusal}; exit 1`);
    expect(await askIstioctl(both, resources)).toEqual({
      problems: [{ ...said, message: 'DestinationRule/rule: interval must be at least 1ms' }],
      warnings: [said],
    });
    const only = await program(`${warnings}; exit 1`);
    await expect(askIstioctl(only, resources)).rejects.toMatchObject({ exitCode: ExitCode.environment });
  });

  it.each([
    ['takes too long', 'exec sleep 60', 'istioctl validate was not done after 0.3 s'],
    [
      'takes too long in the middle of its answer',
      `${refusal}; exec sleep 60`,
      'istioctl validate was not done after 0.3 s: Error: 1 error',
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
    await expect(validateWithIstioctl(istioctl, resources, { timeoutMs })).rejects.toMatchObject({
      exitCode: ExitCode.environment,
      message: expect.stringContaining(words),
      hint: expect.stringContaining('nothing is known about the configuration'),
    });
  });

  it('that is not there is no mistake of the operator', async () => {
    await expect(validateWithIstioctl(join(directory, 'missing'), resources)).rejects.toMatchObject({
      exitCode: ExitCode.environment,
      message: 'istioctl validate could not be started: ENOENT',
    });
  });

  it('ends with the run', async () => {
    const istioctl = await program('exec sleep 60');
    const interrupt = new AbortController();
    const reason = new Error('interrupted');
    setTimeout(() => interrupt.abort(reason), 100);
    await expect(validateWithIstioctl(istioctl, resources, { signal: interrupt.signal })).rejects.toBe(
      reason,
    );
  });
});
