import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Instance } from '../model/topology.ts';
import { describeExpectation, describeProbe, shownProbe } from './planned.ts';
import { mistakesInProbes, plannedProbes, probeSchema, type WrittenProbe } from './written.ts';

const text = z.string();
const schema = probeSchema(text, {
  port: z.int().optional(),
  method: text,
  path: text,
  headers: z.record(text, text),
});
const parse = (probe: object): WrittenProbe =>
  schema.parse({ name: 'who', from: 'web', to: 'shop', expect: { status: 200 }, ...probe });
const replica = (service: string, role: 'client' | 'server'): Instance => ({
  name: `${service}-1`,
  service,
  workload: service,
  replica: 1,
  locality: 'region1/east',
  serviceAccount: service,
  labels: {},
  port: 8080,
  role,
});
const context = {
  clients: ['web', 'batch'],
  servers: new Map([['shop', [8080, 9090]]]),
  replicas: [replica('shop', 'server'), replica('web', 'client')],
  durationMs: 30_000,
  warmupMs: 2_000,
};

test('a matrix is every combination, each with the first expectation that fits', () => {
  const planned = plannedProbes(
    [
      parse({
        from: undefined,
        matrix: { from: ['web', 'outside'], method: ['GET', 'PUT'], headers: [{ A: '1' }, {}] },
        expect: [
          { when: { from: ['outside'] }, refusedBy: 'server' },
          { when: { headers: { a: '1' } }, status: 200, answeredBy: { service: 'shop' }, identity: 'web' },
          { status: 403 },
        ],
      }),
      parse({ name: 'once', at: '5s', expect: { identity: 'none' } }),
    ],
    context,
    () => false,
  );
  expect(planned.map((probe) => `${describeProbe(probe)}: ${describeExpectation(probe.expect)}`)).toEqual([
    'GET / from web to shop with A: 1: 200, answered by shop, the server sees web',
    'GET / from web to shop: 403',
    'PUT / from web to shop with A: 1: 200, answered by shop, the server sees web',
    'PUT / from web to shop: 403',
    "GET / from outside to shop with A: 1: refused by the server's sidecar",
    "GET / from outside to shop: refused by the server's sidecar",
    "PUT / from outside to shop with A: 1: refused by the server's sidecar",
    "PUT / from outside to shop: refused by the server's sidecar",
    'GET / from web to shop: the server sees no identity',
  ]);
  expect(planned.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(planned[0]?.schedule).toEqual({ everyMs: 1_000 });
  expect(planned[8]?.schedule).toEqual({ atMs: 5_000 });
});

test('what is nobody’s business is not shown: by its name, or since a command line gave it', () => {
  const probe = parse({
    path: '/a?page=2&Token=abc&token',
    body: 'abc',
    matrix: { headers: [{ Authorization: 'Bearer abc', a: 'b' }, { a: 'c' }] },
  });
  const [first, second] = plannedProbes([probe], context, () => false);
  expect(first && describeProbe(first)).toBe(
    'GET /a?page=2&Token=***&token from web to shop with Authorization: ***, a: b',
  );
  expect(second && shownProbe(second)).toMatchObject({ headers: { a: 'c' }, body: '***' });
  const fromOutside = ['0.matrix.headers.1.a', '0.path'];
  const given = plannedProbes([probe], context, (path) => fromOutside.includes(path.join('.')));
  expect(given.map(describeProbe)).toEqual([
    'GET /a?*** from web to shop with Authorization: ***, a: b',
    'GET /a?*** from web to shop with a: ***',
  ]);
});

test.each<[string, readonly object[], string]>([
  [
    'a caller that is not there',
    [{ from: 'wep' }],
    '0.from: there is no service "wep" to send it from | did you mean "web"? allowed: web, batch, outside',
  ],
  [
    'no caller',
    [{ from: undefined }],
    '0.from: missing; this field is needed | a service that only sends, or outside',
  ],
  [
    'two callers',
    [{ matrix: { from: ['web'] } }],
    '0.from: from does nothing beside matrix.from; leave it out',
  ],
  [
    'a method beside the matrix',
    [{ method: 'GET', matrix: { method: ['PUT'] } }],
    '0.method: method does nothing beside matrix.method; leave it out',
  ],
  [
    'a service that is not there',
    [{ to: 'shoop' }],
    '0.to: there is no service "shoop" in the topology | did you mean "shop"? allowed: shop',
  ],
  [
    'a caller that is called',
    [{ to: 'batch' }],
    '0.to: "batch" sends loads or probes and runs no app | a service sends or answers',
  ],
  ['the same name', [{}, {}], '1.name: there is already a probe "who" | names are unique'],
  ['two times', [{ every: '1s', at: '2s' }], '0.at: every and at exclude each other | give one of them'],
  [
    'too seldom',
    [{ every: '29s' }],
    '0.every: expected from 50ms to 28 s, which is the load without its warmup',
  ],
  [
    'too often',
    [{ every: '1ms' }],
    '0.every: expected from 50ms to 28 s, which is the load without its warmup',
  ],
  [
    'sent before any check looks',
    [{ at: '1s' }],
    '0.at: the warmup of 2 s is not over by then, and no check looks at it',
  ],
  ['a timeout without end', [{ timeout: '2m' }], '0.timeout: expected at most 1 min'],
  [
    'hundreds under way',
    [{ timeout: '20s', every: '100ms' }],
    '0.timeout: up to 200 of each would be under way at once | at most 100 times as long as every',
  ],
  [
    'a caller that answers',
    [{ from: 'shop' }],
    '0.from: "shop" is called and runs an app | a service sends or answers',
  ],
  ['too late', [{ at: '30s' }], '0.at: the load is over by then'],
  [
    'nothing expected',
    [{ expect: {} }],
    '0.expect: an expectation that allows everything proves nothing | give status, answeredBy, refusedBy or identity',
  ],
  [
    'nobody there to answer',
    [{ expect: { answeredBy: { zone: 'region1/west' } } }],
    '0.expect.answeredBy.zone: nothing runs in "region1/west" | did you mean "region1/east"? allowed: region1/east',
  ],
  [
    'answered and refused',
    [{ expect: { answeredBy: { service: 'shop' }, refusedBy: 'server' } }],
    '0.expect.answeredBy: what a sidecar refuses nobody answers | leave one of the two out',
  ],
  [
    'not all expected',
    [{ headers: { a: '1' }, expect: [{ when: { headers: { a: '2' } }, status: 200 }] }],
    '0.expect: nothing is expected of GET / from web | end the list with an expectation without when',
  ],
  [
    'an expectation for nobody',
    [{ expect: [{ status: 200 }, { status: 403 }] }],
    '0.expect.1: no request is left for this expectation | the first that fits counts',
  ],
  [
    'too many',
    [
      {
        every: '60s',
        matrix: {
          path: Array.from({ length: 100 }, (_, n) => `/${n}`),
          method: Array.from({ length: 30 }, (_, n) => `M${n}`),
        },
      },
    ],
    ': these are 3000 requests; at most 2000 probes fit beside a load | list fewer combinations',
  ],
  [
    'a workload that is not there',
    [{ expect: { answeredBy: { workload: 'shpo' } } }],
    '0.expect.answeredBy.workload: there is no workload "shpo" | did you mean "shop"? allowed: shop',
  ],
  [
    'a condition that no request meets, beside one that does',
    [
      {
        from: undefined,
        matrix: { from: ['web', 'batch'] },
        expect: [{ when: { from: ['web', 'bacth'] }, status: 200 }, { status: 403 }],
      },
    ],
    '0.expect.0.when.from.1: no request of the probe has the from "bacth" | did you mean "batch"? allowed: web, batch',
  ],
  [
    'too many a second',
    [{ every: '50ms', matrix: { path: Array.from({ length: 20 }, (_, n) => `/${n}`) } }],
    ': these are 400 requests a second; probes are beside the load, and at most 200 | send them less often: a longer every',
  ],
])('%s', (_, probes, mistake) => {
  const durationMs = probes.some((probe) => 'every' in probe && probe.every === '60s') ? 90_000 : 30_000;
  const found = mistakesInProbes(probes.map(parse), { ...context, durationMs });
  expect(
    found.map(
      ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` | ${hint}`}`,
    ),
  ).toEqual([mistake]);
});
