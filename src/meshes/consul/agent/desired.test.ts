import { expect, test } from 'vitest';
import { accessLogFormat } from '../caller.ts';
import { datacentersOf } from '../datacenters.ts';
import { readEntries } from '../entries/read.ts';
import { byOrder, desiredEntries } from './desired.ts';

const revision = { name: '2', hostsSince: '1' };
const services = [
  { name: 'edge-app', port: 8080, serviceAccount: 'a', role: 'server' },
  { name: 'grpc-app', port: 8080, protocol: 'grpc', serviceAccount: 'a', role: 'server' },
] as const;

function desired(...texts: string[]) {
  const files = texts.map((content, index) => ({ file: `${index}.hcl`, path: `/${index}`, content }));
  const { entries } = readEntries(files);
  const [datacenter] = datacentersOf({ instances: [] });
  return desiredEntries(
    datacenter ?? expect.fail(),
    entries,
    { services, instances: [] },
    { accessLog: { Type: 'file', Path: 'access.log' }, revision },
  );
}

test('without configuration a lab speaks HTTP, as its topology says, logs what is read, and carries the revision', () => {
  const [proxy, defaults, marker, ...others] = desired();
  expect(others).toEqual([]);
  expect(marker?.body).toEqual({
    Kind: 'service-resolver',
    Name: 'breakwater-revision',
    RequestTimeout: '100002ms',
  });
  expect(defaults?.body).toEqual({ Kind: 'service-defaults', Name: 'grpc-app', Protocol: 'grpc' });
  expect(proxy?.body).toMatchObject({
    Kind: 'proxy-defaults',
    Name: 'global',
    Config: { protocol: 'http' },
    AccessLogs: { Enabled: true, Type: 'file', Path: 'access.log', TextFormat: accessLogFormat },
    EnvoyExtensions: [{ Name: 'builtin/property-override', Required: true }],
  });
});

test('what is under test stays as it is, and what others need comes first', () => {
  const all = desired(
    'Kind = "service-router"\nName = "edge-app"\nRoutes = []',
    'Kind = "service-defaults"\nName = "grpc-app"\nProtocol = "grpc"',
    'Kind = "proxy-defaults"\nName = "global"\nConfig { protocol = "http2" envoy_x = 1 }\nEnvoyExtensions = [{ Name = "builtin/lua" }]',
  );
  expect(all.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
    'proxy-defaults/global',
    'service-defaults/grpc-app',
    'service-resolver/breakwater-revision',
    'service-router/edge-app',
  ]);
  expect(all[0]?.body).toMatchObject({
    Config: { protocol: 'http2', envoy_x: 1 },
    EnvoyExtensions: [{ Name: 'builtin/lua' }, { Name: 'builtin/property-override' }],
  });
  expect(all[1]?.body).toEqual({ Kind: 'service-defaults', Name: 'grpc-app', Protocol: 'grpc' });
  expect(all[3]).toMatchObject({ from: { file: '0.hcl', line: 1 } });
  expect([...all].reverse().toSorted(byOrder)).toEqual(all);
});
