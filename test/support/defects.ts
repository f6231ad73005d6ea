import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { settingsBehind } from '../../src/report/words.ts';
import { type Finished, outcome, root, Workspace } from './breakwater.ts';

/** What the tests change of a DestinationRule. */
export interface Rule {
  spec: {
    host: string;
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: number } };
      outlierDetection: { maxEjectionPercent: number } | undefined;
      loadBalancer: object;
    };
  };
}

/** A DestinationRule that is valid and does not do what it is for: the scenario must fail. */
export interface Defect {
  readonly name: string;
  readonly scenario: string;
  /** Kind of a check that must be among the failed ones. */
  readonly fails?: string;
  readonly plant: (policy: Rule['spec']['trafficPolicy']) => void;
  /** What the report has to name: the planted line, or what is not there. */
  readonly names: RegExp;
}

const ejectAtMost10Percent: Defect['plant'] = (policy) => {
  policy.outlierDetection = { ...policy.outlierDetection, maxEjectionPercent: 10 };
};
const ejectNobody: Defect['plant'] = (policy) => {
  policy.outlierDetection = undefined;
};

export const defects: readonly Defect[] = [
  {
    name: 'maxConnections 100000 no longer sheds',
    scenario: 'circuit-breaker',
    fails: 'overflow',
    plant: (policy) => {
      policy.connectionPool.tcp.maxConnections = 100_000;
    },
    names: /maxConnections: 100000$/,
  },
  {
    name: 'without outlierDetection',
    scenario: 'outlier-ejection',
    plant: ejectNobody,
    names: /^outlierDetection: not set$/,
  },
  {
    name: 'without outlierDetection',
    scenario: 'zone-failover',
    plant: ejectNobody,
    names: /without outlierDetection Istio does not fail over$/,
  },
  {
    name: 'maxEjectionPercent 10 of four hosts ejects nobody',
    scenario: 'outlier-ejection',
    fails: 'time-to-eject',
    plant: ejectAtMost10Percent,
    names: /maxEjectionPercent: 10$/,
  },
  {
    name: 'maxEjectionPercent 10 leaves the dark zone in rotation',
    scenario: 'zone-failover',
    plant: ejectAtMost10Percent,
    names: /maxEjectionPercent: 10$/,
  },
  {
    name: 'with locality load balancing off',
    scenario: 'zone-failover',
    fails: 'share',
    plant: (policy) => {
      policy.loadBalancer = { localityLbSetting: { enabled: false } };
    },
    names: /localityLbSetting\.enabled: false$/,
  },
];

/** Writes a scenario's DestinationRule with a change into the workspace; path of the file. */
export function plantedRule(workspace: Workspace, scenario: string, change: (rule: Rule) => void): string {
  const rule: Rule = parse(readFileSync(join(root, 'scenarios/mesh', `${scenario}.yaml`), 'utf8'));
  change(rule);
  const file = join(workspace.path, 'planted.yaml');
  writeFileSync(file, stringify(rule));
  return file;
}

/** Runs the scenario of a defect on the local lab, changed by `args`: it has to fail, and for the right reason. */
export async function expectFailure(defect: Defect, ...args: readonly string[]): Promise<void> {
  using workspace = new Workspace();
  await expectFailureIn(workspace, defect, ...args);
}

/** The same in a workspace that is there already. */
export async function expectFailureIn(
  workspace: Workspace,
  { scenario, fails, plant, names }: Defect,
  ...args: readonly string[]
): Promise<void> {
  const file = plantedRule(workspace, scenario, (rule) => plant(rule.spec.trafficPolicy));
  const finished = await workspace.run(`scenarios/${scenario}.yaml`, '--config', file, ...args);
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  expect(finished.code).toBe(1);
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail').map(({ kind }) => kind);
  if (fails !== undefined) expect(failed).toContain(fails);
  expectNamed(finished, file, names);
}

/** Expects that a failed check names a setting and, where it is written, the line of the file that says so. */
function expectNamed(finished: Finished, file: string, names: RegExp): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const said = (finished.report?.checks ?? []).flatMap(({ reason }) => settingsBehind(reason ?? {}));
  const naming = said.filter(({ setting }) => names.test(setting.replace(/ \([^)]*\)$/, '')));
  expect(naming.length, `${outcome(finished)}\n${JSON.stringify(said, null, 2)}`).toBeGreaterThan(0);
  // What is not set stands in no line.
  const field = /(\w+): \w+\$/.exec(names.source)?.[1];
  if (field === undefined) return;
  for (const { setting, source = '' } of naming) {
    const line = lines[Number(/:(\d+)$/.exec(source)?.[1]) - 1] ?? 'no line';
    expect(line.trim(), setting).toMatch(new RegExp(`^${field}:`));
  }
}

/** Writes configuration that Istio passes on, as it does any patch, and Envoy rejects: the ring is too large. */
export function rejectedByEnvoy(workspace: Workspace): string {
  const file = join(workspace.path, 'rejected.yaml');
  writeFileSync(
    file,
    `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: broken}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, cluster: {service: edge-app.default.svc.cluster.local}}
    patch:
      operation: MERGE
      value: {lb_policy: RING_HASH, ring_hash_lb_config: {minimum_ring_size: 9000000}}
`,
  );
  return file;
}
