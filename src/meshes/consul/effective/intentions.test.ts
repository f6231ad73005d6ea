import { expect, test } from 'vitest';
import { reasonOfPassing, textOfReason } from '../../../effective/index.ts';
import type { Sidecar } from '../../../model/effective.ts';
import { readEntries } from '../entries/read.ts';
import { EntriesUnderTest } from './entries.ts';
import { rulesOf } from './intentions.ts';
import { recordedSidecar } from './testing/recordings.ts';

const content = `Kind = "service-intentions"
Name = "edge-app"
Sources = [
  { Name = "*", Action = "allow" },
  { Name = "*", Peer = "east", Action = "deny" },
  { Name = "frontend", Action = "deny" },
  { Name = "frontend", Peer = "east", Action = "allow" }
]`;
const under = new EntriesUnderTest(readEntries([{ file: 'a.hcl', path: '/a.hcl', content }]).entries);
const rules = rulesOf({ service: 'edge-app', network: 'west' }, under);

test('a source is for callers of the network that it names, and for those of its own where it names none', () => {
  expect(rules.map(({ caller = '*', network, does }) => `${caller} in ${network}: ${does}`)).toEqual([
    'frontend in west: deny',
    'frontend in east: allow',
    '* in west: allow',
    '* in east: deny',
  ]);
  expect(rulesOf({ service: 'edge-app' }, under)[0]).not.toHaveProperty('network');
});

test('who is let in since only others are refused is told whom that is for', () => {
  const server = { ...recordedSidecar('limits', 'edge-app'), network: 'west' };
  const own = rules.filter(({ network }) => network === 'west');
  const filters = [
    { kind: 'authorization', action: 'deny', dryRun: false, policies: [], rules: own },
  ] as const satisfies Sidecar['inbound'][number]['filters'];
  const sidecars = [{ ...server, inbound: server.inbound.map((each) => ({ ...each, filters })) }];
  const reason = reasonOfPassing(
    { sidecars },
    {
      service: 'edge-app',
      port: 8080,
      plaintext: false,
      caller: { service: 'frontend', network: 'east' },
      request: { method: 'GET', path: '/', headers: {} },
    },
  );
  expect(textOfReason(reason)).toMatchObject({
    cause:
      'What edge-app refuses is for callers in west, and frontend calls from east, of whom nothing is said.',
    source: 'a.hcl:6',
  });
});

test('what decides about a caller is what is said of its network', () => {
  const server = recordedSidecar('limits', 'edge-app');
  const filters = [
    { kind: 'authorization', action: 'deny', dryRun: false, policies: [], rules },
  ] as const satisfies Sidecar['inbound'][number]['filters'];
  const sidecars = [{ ...server, inbound: server.inbound.map((each) => ({ ...each, filters })) }];
  const letIn = (service: string, network: string) =>
    textOfReason(
      reasonOfPassing(
        { sidecars },
        {
          service: 'edge-app',
          port: 8080,
          plaintext: false,
          caller: { service, network },
          request: { method: 'GET', path: '/', headers: {} },
        },
      ),
    )?.source;
  expect(letIn('frontend', 'east')).toBe('a.hcl:7');
  expect(letIn('shop', 'west')).toBe('a.hcl:4');
  expect(letIn('frontend', 'west')).toBeUndefined();
});
