import { expect, test } from 'vitest';
import { callTable, toldTable } from '../../../effective/table.ts';
import { readEffective } from './index.ts';
import { recording } from './testing/recordings.ts';

const cluster = 'outbound|8080||edge-app.default.svc.cluster.local';

/** A recorded lab as it is where the port is one of bytes: listeners lead to the cluster, and there are no routes. */
function ofBytes(name: string) {
  const { topology, answers, resources } = recording(name);
  const changed = Object.entries(answers).map(([instance, texts]) => {
    const said = texts.map((text) =>
      JSON.stringify(JSON.parse(text), (key, value: unknown) => {
        if (key === 'virtual_hosts') return [];
        return typeof value === 'object' && value !== null && 'http_filters' in value ? { cluster } : value;
      }),
    );
    return [instance, said] as const;
  });
  return readEffective(new Map(changed), topology, resources);
}

test('limits and ejection are in effect on a port of bytes, and routes are not', () => {
  const configuration = ofBytes('pool-of-the-host-holds');
  const client = configuration.sidecars.find(({ role }) => role === 'client');
  if (client === undefined) throw new Error('the recording has no client');
  expect(client.bytesTo).toContain(cluster);
  expect(client.unused.map(({ about, why }) => `${about}: ${why}`)).toContain(
    'route: port 8080 of edge-app is one of bytes, on which no request is routed',
  );
  expect(client.unused.map(({ setting }) => setting.path)).not.toContain('spec.trafficPolicy.connectionPool');
  const { sections } = toldTable(callTable(client, 'edge-app', configuration));
  expect(sections[0]?.note).toBe('none: connections are passed on as bytes');
  expect(sections.find(({ title }) => title.startsWith('limits'))?.rows).toContainEqual({
    what: 'connections',
    value: '100',
    source: 'mesh.yaml:8',
  });
});
