import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { NotYet } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import { AgentApi } from './api.ts';

/** An agent that gives these answers by path; everything else it does not know. */
async function agentThatSays(answers: Readonly<Record<string, unknown>>, otherwise = 'No cluster leader') {
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[url];
    response.statusCode = answer === undefined ? 500 : 200;
    response.end(answer === undefined ? otherwise : JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = new AgentApi((method, path) => http(`${at}${path}`, { method, timeoutMs: 5_000 }));
  return { api, [Symbol.dispose]: () => server.close() };
}

const check = (replica: number, Status: string, Output = '') => ({
  CheckID: `service:web-${replica}`,
  ServiceID: `web-${replica}`,
  Status,
  Output,
});
const machine = { CheckID: 'serfHealth', ServiceID: '', Status: 'passing' };

const agent = (own: readonly object[], told: readonly object[]) =>
  agentThatSays({
    '/v1/agent/checks': Object.fromEntries(own.entries()),
    '/v1/health/connect/web?consistent': told.map((each) => ({ Checks: [machine, each] })),
  });

const why = (ready: unknown) => (ready instanceof NotYet ? ready.why : ready);

test('an agent whose server does not lead yet has not read its log', async () => {
  using starting = await agentThatSays({});
  expect(why(await starting.api.hasReadItsLog())).toContain('No cluster leader');
  using there = await agentThatSays({ '/v1/catalog/nodes?consistent': [] });
  expect(await there.api.hasReadItsLog()).toBeUndefined();
});

test('an agent knows its sidecars when it has looked at each and tells what it saw, whatever that was', async () => {
  const looked = [check(1, 'passing', 'success'), check(2, 'critical', 'connection refused')];
  using knowing = await agent(looked, looked);
  expect(await knowing.api.knows(new Map([['web', 2]]))).toBeUndefined();
  expect(why(await knowing.api.knows(new Map([['web', 3]])))).toBe('it knows 2 of 3 sidecars of web yet');
});

test('an agent that has no certificate for peers yet is asked again', async () => {
  using west = await agentThatSays({ '/v1/peering/token': { PeeringToken: 'a' } });
  using east = await agentThatSays({ '/v1/peering/establish': {} });
  expect(await east.api.peerWith(west.api, 'west', 'east')).toBeUndefined();
  const said = 'transport: authentication handshake failed: remote error: tls: unrecognized name';
  using early = await agentThatSays({}, said);
  expect(why(await early.api.peerWith(west.api, 'west', 'east'))).toBe('west takes no peers yet');
  using other = await agentThatSays({}, 'invalid peering token');
  await expect(other.api.peerWith(west.api, 'west', 'east')).rejects.toThrow('invalid peering token');
});

const peering = (State: string, own: object) => ({
  State,
  StreamStatus: { LastReceive: '2026-01-01T00:00:00Z', ...own },
});

test('an agent hears of a peer when it knows all that this exports, and how its gateways are', async () => {
  const gateways = [check(1, 'passing'), check(2, 'critical')].map((each) => ({ Checks: [each] }));
  using west = await agentThatSays({
    '/v1/peering/east': peering('ACTIVE', { ExportedServices: ['web'] }),
    '/v1/health/service/joint?consistent': gateways,
  });
  const wanted = new Map([['joint', 2]]);
  const heard = async (mine: object, imported: readonly object[], state = 'ACTIVE') => {
    using east = await agentThatSays({
      '/v1/peering/west': peering(state, mine),
      '/v1/health/connect/breakwater-revision?consistent&peer=west': imported,
    });
    return why(await east.api.hearsOf(west.api, 'west', 'east', wanted));
  };
  const all = { ImportedServices: ['web'] };
  expect(await heard(all, gateways)).toBeUndefined();
  expect(await heard(all, gateways.slice(0, 1))).toBe('east knows 1 of 2 gateways of west yet');
  expect(await heard(all, [gateways[1] ?? {}, gateways[1] ?? {}])).toBe(
    'east has not heard yet how the gateways of west are',
  );
  expect(await heard({ ImportedServices: null }, gateways)).toBe('east does not know web of west yet');
  expect(await heard({ ...all, LastReceive: null }, gateways)).toContain('do not hear of each other yet');
  expect(await heard(all, gateways, 'PENDING')).toContain('(PENDING)');
});

test('an agent that has only just started takes sidecars for dead, and is not asked by anybody', async () => {
  const before = check(1, 'critical');
  using blind = await agent([before], [before]);
  expect(why(await blind.api.knows(new Map([['web', 1]])))).toBe('it has not told yet how web-1 is');
  using silent = await agent([check(1, 'passing', 'success')], [before]);
  expect(why(await silent.api.knows(new Map([['web', 1]])))).toBe('it has not told yet how web-1 is');
  using gone = await agentThatSays({});
  expect(why(await gone.api.knows(new Map([['web', 1]])))).toContain('it answers 500');
});
