import { expect, test } from 'vitest';
import { OperatorError } from '../kit/errors.ts';
import type { Action } from '../model/fault.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { refuseForeignFaults } from './environments.ts';
import { planScenario } from './plan.ts';

const scenario = scenarioSchema.parse({
  name: 'example',
  description: 'Faults that not every environment can make.',
  topology: {
    services: {
      shop: { workloads: [{ name: 'shop', locality: 'region1/east' }] },
      client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
    },
  },
  load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s' },
  faults: [
    { kind: 'kill', on: { service: 'shop' }, at: '3s', for: '5s' },
    { name: 'dark', kind: 'node-stopped', on: { zone: 'region1/east' }, at: '10s', for: '5s' },
    { kind: 'scaled-to-zero', on: { workload: 'shop' }, at: '20s', for: '5s' },
  ],
  checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
});
const plan = planScenario({
  scenario,
  file: 'example.yaml',
  profile: undefined,
  meshFiles: [],
  directory: '/',
  locate: ({ message }) => ({ file: 'example.yaml', message }),
});

const processes = ['kill', 'start'] as const satisfies readonly Action['do'][];
const nodes = [...processes, 'stop-node', 'start-node'] as const;
const all = [...nodes, 'scale-down', 'scale-up'] as const;

function refusal(
  environment: string,
  abilities: Record<string, readonly Action['do'][]>,
): string | undefined {
  try {
    refuseForeignFaults(plan, environment, abilities);
    return undefined;
  } catch (error) {
    if (error instanceof OperatorError) return `${error.message}\n${error.hint}`;
    throw error;
  }
}

test('faults that an environment cannot make are refused by name, with the environments that can', () => {
  expect(refusal('host', { host: processes, cluster: all, cloud: all })).toMatchInlineSnapshot(`
    "example.yaml: dark: the host environment has no node-stopped
    example.yaml: scaled-to-zero: the host environment has no scaled-to-zero
    run it with --env cluster or --env cloud, or use zone-outage or kill"
  `);
  expect(refusal('cloud', { host: processes, cluster: all, cloud: nodes })).toMatchInlineSnapshot(`
    "example.yaml: scaled-to-zero: the cloud environment has no scaled-to-zero
    run it with --env cluster, or use zone-outage or kill"
  `);
  expect(refusal('cluster', { host: processes, cluster: all })).toBeUndefined();
});

test('a fault that can be made and not taken back is refused, too', () => {
  expect(refusal('host', { host: ['kill'] })).toMatchInlineSnapshot(`
    "example.yaml: kill: the host environment has no kill
    example.yaml: dark: the host environment has no node-stopped
    example.yaml: scaled-to-zero: the host environment has no scaled-to-zero
    use zone-outage or kill"
  `);
});
