import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { clusterMs, keptCluster, kubectl, missing } from '../support/kind.ts';

const west = ['--namespace', 'default', '--selector', 'breakwater.dev/workload=edge-app-west'];
const onePod = () => kubectl(['get', 'pods', ...west, '--output', 'name']).split('\n')[0] ?? '';

describe.skipIf(missing !== '')(`gaps on kind${missing}`, () => {
  const { workspace } = keptCluster();

  test.each([
    [
      'is deleted',
      (pod: string) => kubectl(['delete', '--namespace', 'default', '--wait=false', pod]),
      /was replaced/,
    ],
    [
      'ends',
      (pod: string) =>
        // The app is the first process of its container, and Node.js: nothing else need be in its image.
        kubectl([
          ...['exec', '--namespace', 'default', '--container', 'app', pod, '--'],
          ...['/proc/1/exe', '-e', 'process.kill(1)'],
        ]),
      /was restarted \(app: /,
    ],
  ])(
    'a pod that %s under load by itself is a gap that is shown, and a check over it is invalid',
    {
      timeout: clusterMs,
    },
    async (_, disturb, what) => {
      const scenario = ['run', 'scenarios/outlier-ejection.yaml', '--env', 'kind', '--keep'];
      const child = workspace.start(...scenario, '--reports', workspace.reports);
      let said = '';
      child.stderr?.on('data', (chunk) => {
        said += chunk;
      });
      const closed = workspace.finish(child);
      while (!/503/.test(said) && child.exitCode === null) await sleep(100);
      disturb(onePod());
      const finished = await closed;
      expect(finished.code, outcome(finished)).toBe(3);
      expect(finished.report?.verdict).toBe('invalid');
      const gaps = finished.report?.gaps.filter((gap) => what.test(gap.what)) ?? [];
      expect(gaps, outcome(finished)).toHaveLength(1);
      expect(gaps[0]?.what).toMatch(/^the pod \S+ of edge-app-west-[12] was/);
      expect(gaps[0]?.toMs).toBeGreaterThan(gaps[0]?.fromMs ?? 0);
      const rule = finished.report?.validity.find((finding) => finding.rule === 'gaps');
      expect(rule?.status).toBe('violated');
    },
  );
});
