import { expect, test } from 'vitest';
import type { Environment, Lab } from '../environments/contract.ts';
import { environmentError } from '../kit/errors.ts';
import { ProblemsError } from '../kit/problems.ts';
import { meshOf } from '../meshes/index.ts';
import type { TopologyPlan } from '../model/topology.ts';
import { Labs, type LabWanted } from './labs.ts';

const topology: TopologyPlan = {
  name: 'one',
  file: 'one.yaml',
  namespace: 'default',
  mtls: 'strict',
  services: [],
  instances: [],
  outside: false,
  calls: [],
};
const mesh = await meshOf('istio');

const wanted = (runId: string, change: Partial<TopologyPlan> = {}): LabWanted => ({
  topology: { ...topology, name: runId, file: `${runId}.yaml`, ...change },
  mesh,
  configuration: { files: [], resources: [] },
  runId: `labs-test-${process.pid}-${runId}`,
  what: 'a test of labs',
  logs: '/nowhere',
  progress() {},
  ongoing() {},
  warn() {},
  signal: new AbortController().signal,
});

/** An environment whose labs are nothing but an account of what became of them. */
function accountOfLabs(configure: () => Promise<void> = async () => {}) {
  const account: string[] = [];
  const lose: (() => void)[] = [];
  const environment: Environment = {
    name: 'account',
    performs: [],
    async open({ topology: { name } }) {
      account.push(`up ${name}`);
      return {
        lost: new Promise<string>((resolve) => lose.push(() => resolve('gone'))),
        async configure() {
          account.push(`configured ${name}`);
          await configure();
          return new Map();
        },
        async [Symbol.asyncDispose]() {
          account.push(`down ${name}`);
        },
      } as Partial<Lab> as Lab;
    },
  };
  return { labs: new Labs(environment), account, lose };
}

test('a lab serves the next run with the same topology, with its configuration put in', async () => {
  const { labs, account } = accountOfLabs();
  {
    await using _ = labs;
    expect(await labs.take(wanted('one'))).toMatchObject({ own: true });
    expect(await labs.take(wanted('two'))).toMatchObject({ own: false });
    expect(await labs.take(wanted('three', { mtls: 'permissive' }))).toMatchObject({ own: true });
  }
  expect(account).toEqual(['up one', 'configured one', 'down one', 'up three', 'down three']);
});

test('a lab that was lost serves nobody else', async () => {
  const { labs, account, lose } = accountOfLabs();
  await using _ = labs;
  await labs.take(wanted('one'));
  lose[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  await labs.take(wanted('two'));
  expect(account).toEqual(['up one', 'down one', 'up two']);
});

test('where configuration does not arrive, a new lab has the last word', async () => {
  const { labs, account } = accountOfLabs(() => Promise.reject(environmentError('gave up waiting')));
  await using _ = labs;
  await labs.take(wanted('one'));
  expect(await labs.take(wanted('two'))).toMatchObject({ own: true });
  expect(account).toEqual(['up one', 'configured one', 'down one', 'up two']);
});

test('configuration that a sidecar rejects is the mistake that it is on a lab of its own', async () => {
  const problem = { file: 'mesh.yaml', line: 3, message: 'a sidecar rejects it' };
  const { labs } = accountOfLabs(() => Promise.reject(new ProblemsError([problem])));
  await using _ = labs;
  await labs.take(wanted('one'));
  await expect(labs.take(wanted('two'))).rejects.toThrow('a sidecar rejects it');
});
