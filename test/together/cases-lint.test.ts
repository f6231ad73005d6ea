import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/kit/problems.ts';
import type { EffectiveConfiguration } from '../../src/model/effective.ts';
import { root, Workspace } from '../support/breakwater.ts';

const mesh = (name: string) => join('test/cases', name, 'mesh.yaml');

function lint(...files: readonly string[]): {
  readonly status: number | null;
  readonly problems: readonly Problem[];
} {
  const args = ['bin/breakwater.js', 'lint', '--json', ...files];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, problems: JSON.parse(stdout).problems };
}

/** What is refused before anything starts: the line of it, and the words. */
const refused: readonly [name: string, line: number, message: string, hint?: string][] = [
  ['shares-of-ninety', 15, 'DestinationRule/shares: total locality weight 90 != 100'],
  [
    'shares-for-one-zone-twice',
    10,
    'DestinationRule/shares: locality region1/zone-east/* overlap with previous specified ones',
  ],
  [
    'failover-to-itself',
    14,
    'DestinationRule/failover: locality lb failover settings must specify different regions',
  ],
  ['pool-without-tcp-and-http', 9, 'unknown field "maxConnections"', 'its place is tcp.maxConnections'],
  [
    'pool-beside-the-policy',
    7,
    'unknown field "connectionPool"',
    'its place is trafficPolicy.connectionPool',
  ],
  [
    'detection-in-the-pool',
    10,
    'unknown field "outlierDetection"',
    'its place is spec.trafficPolicy.outlierDetection',
  ],
];

describe.each(refused)('%s', (name, line, message, hint) => {
  test('is refused by lint and by run, in the same words', async () => {
    using workspace = new Workspace();
    const { status, problems } = lint(mesh(name));
    expect(status).toBe(2);
    expect(problems).toContainEqual(expect.objectContaining({ line, message, ...(hint && { hint }) }));
    const ran = await workspace.runOnce('scenarios/zone-failover.yaml', '--config', mesh(name));
    expect(ran.code, ran.stderr).toBe(2);
    for (const each of problems) expect(ran.stderr).toContain(`${mesh(name)}:${each.line}:`);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toContain(hint ?? message);
  });
});

/** What kubectl applies: whose connections the rule limits, to how many, and the line that says so. */
const taken: readonly [name: string, connections: number, line: number][] = [
  ['rendered-with-one-off', 81, 13],
  ['rendered-and-nothing-behind', 82, 12],
  ['rendered-on-windows', 83, 13],
  ['listed', 84, 21],
  ['listed-by-kind', 85, 13],
  ['listed-as-json', 86, 16],
  ['merged-into-a-port', 87, 9],
  ['merged-from-several', 88, 11],
  ['merged-over-what-was-there', 89, 9],
];

test('what kubectl applies is read as kubectl reads it, and sidecars hold it', async () => {
  expect(lint(...taken.map(([name]) => mesh(name)))).toMatchObject({ status: 0, problems: [] });
  using workspace = new Workspace();
  const file = join(workspace.path, 'scenario.yaml');
  writeFileSync(file, JSON.stringify(scenario(taken.map(([name]) => name))));
  const shown = await workspace.breakwater('explain', file, '--client', 'frontend', '--json');
  expect(shown.code, shown.stderr).toBe(0);
  const { sidecars }: Pick<EffectiveConfiguration, 'sidecars'> = JSON.parse(shown.stdout);
  const clusters = sidecars.flatMap((sidecar) => sidecar.clusters);
  const limits = taken.map(([name]) => {
    const cluster = clusters.find(({ service, subset }) => service === name && subset === undefined);
    const limit = cluster?.limits.connections;
    return [name, limit?.value, limit?.from.by === 'setting' ? limit.from.line : limit?.from];
  });
  expect(limits).toEqual(taken);
});

/** A client, and a service of each name. */
function scenario(names: readonly string[]) {
  const service = (name: string) => ({ workloads: [{ name: `${name}-1`, locality: 'region1/zone-east' }] });
  return {
    name: 'read-by-kubectl',
    description: 'Each service has a rule of its own.',
    topology: {
      services: Object.fromEntries([...names, 'frontend'].map((name) => [name, service(name)])),
    },
    mesh: { configuration: names.map((name) => join(root, mesh(name))) },
    load: { from: 'frontend', to: names[0], rate: '1/s', duration: '20s' },
    checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
  };
}
