import { expect, test } from 'vitest';
import { withWorkers } from './topology.ts';

const east = {
  role: 'worker',
  labels: { 'topology.kubernetes.io/region': 'region1', 'topology.kubernetes.io/zone': 'zone-east' },
  extraMounts: [],
};
const file = { kind: 'Cluster', nodes: [{ role: 'control-plane' }, east] };

test('workers are those of the localities: written ones as they are, others added, unused ones left out', () => {
  const { nodes } = withWorkers(file, ['region1/zone-east', 'region2/zone-b/rack-1'], 'kind-config.yaml');
  expect(nodes).toEqual([
    { role: 'control-plane' },
    east,
    {
      role: 'worker',
      labels: {
        'topology.kubernetes.io/region': 'region2',
        'topology.kubernetes.io/zone': 'zone-b',
        'topology.istio.io/subzone': 'rack-1',
      },
    },
  ]);
  expect(withWorkers(file, ['region9/z'], 'f').nodes).toHaveLength(2);
});

test('what is no configuration of kind is a mistake of the operator', () => {
  expect(() => withWorkers({ kind: 'Pod' }, [], 'pod.yaml')).toThrow('pod.yaml is no configuration of kind');
});
