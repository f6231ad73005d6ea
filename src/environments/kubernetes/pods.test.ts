import { expect, test } from 'vitest';
import { istio } from '../../meshes/istio/index.ts';
import { podName, Roster } from './pods.ts';
import { instance, pod } from './testing.ts';

const { calledAt } = istio.cluster;

test('pods are replicas in the order of their names, and a replacement takes the place that is free', () => {
  const roster = new Roster([instance(1), instance(2)], calledAt);
  expect(roster.update([pod('b', '10.0.0.2'), pod('a', '10.0.0.1')])).toHaveLength(2);
  expect(podName(roster.of('edge-app-east-1').pod)).toBe('a');

  expect(roster.update([pod('b', '10.0.0.2')])).toEqual([]);
  expect(roster.of('edge-app-east-1').pod).toBeUndefined();

  const [fresh] = roster.update([pod('c', '10.0.0.3'), pod('b', '10.0.0.2')]);
  expect(fresh?.instance.name).toBe('edge-app-east-1');
  expect(roster.of('edge-app-east-1').addresses).toEqual(['10.0.0.1:18080', '10.0.0.3:18080']);
  expect(roster.of('edge-app-east-2').addresses).toEqual(['10.0.0.2:18080']);
});

test('a pod that is being deleted is no replica any more', () => {
  const roster = new Roster([instance(1)], calledAt);
  const leaving = pod('a', '10.0.0.1');
  roster.update([leaving]);
  roster.update([{ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: new Date() } }]);
  expect(roster.of('edge-app-east-1').pod).toBeUndefined();
});

test('a pod that was evicted stays in the list, and is no replica any more', () => {
  const roster = new Roster([instance(1)], calledAt);
  roster.update([pod('a', '10.0.0.1')]);
  const evicted = { ...pod('a', '10.0.0.1'), status: { phase: 'Failed' } };
  const [fresh] = roster.update([evicted, pod('b', '10.0.0.2')]);
  expect(podName(fresh?.pod)).toBe('b');
});
