import { describe, expect, test } from 'vitest';
import type { EffectiveConfiguration } from '../../src/model/effective.ts';
import { defects, expectFailureIn } from '../support/defects.ts';
import { clusterMs, keptCluster, missing } from '../support/kind.ts';

/** What holds on the local lab holds in a cluster: the line that was planted is the one that is named. */
describe.skipIf(missing !== '')(`planted defects on kind${missing}`, () => {
  const { workspace } = keptCluster();
  const onKind = ['--env', 'kind', '--keep'];

  test('explain shows what the sidecars of pods hold, each with its line', {
    timeout: clusterMs,
  }, async () => {
    const scenario = 'scenarios/zone-failover.yaml';
    const shown = await workspace.breakwater('explain', scenario, ...onKind, '--json');
    expect(shown.code, shown.stderr).toBe(0);
    const { sidecars }: EffectiveConfiguration = JSON.parse(shown.stdout);
    expect(sidecars.map(({ workload }) => workload)).toEqual(['edge-app-east', 'edge-app-west', 'frontend']);
    const [client] = sidecars.filter(({ role }) => role === 'client');
    const [cluster] = client?.clusters ?? [];
    expect(cluster?.zones.map(({ locality, priority }) => [locality, priority])).toEqual([
      ['region1/zone-east', 0],
      ['region1/zone-west', 1],
    ]);
    const file = 'scenarios/mesh/zone-failover.yaml';
    expect(cluster?.outlierDetection?.mostEjected).toMatchObject({ value: 1, from: { by: 'setting', file } });
    expect(client?.filters).toEqual([]);
    expect(sidecars[0]?.inbound.map(({ port }) => port)).toEqual([8080]);
  });

  for (const defect of defects) {
    test(`${defect.name}: ${defect.scenario} fails`, { timeout: clusterMs }, () =>
      expectFailureIn(workspace, defect, ...onKind),
    );
  }
});
