import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { tuningHtml } from './html.ts';
import { tuningJson, tuningJsonSchema } from './json.ts';
import { TUNING_SCHEMA, type TuningReport } from './model.ts';
import { tuningTerminal } from './terminal.ts';

const report: TuningReport = {
  schema: TUNING_SCHEMA,
  ended: 'found',
  exitCode: 0,
  summary: 'With maxConnections 22, p95 at most 300 ms holds at 100/s.',
  run: {
    id: 'tune-shop-1',
    startedAt: '2026-11-26T11:00:00.000Z',
    environment: 'local',
    mesh: 'istio 1.29.1',
    breakwater: '0.1.0',
    machine: { cpus: 2, memoryBytes: 8e9, platform: 'linux x64' },
    command: 'npx breakwater tune shop.yaml',
  },
  scenario: { name: 'shop <script>alert(1)</script>', file: 'shop.yaml' },
  client: 'frontend',
  service: 'cart\u202e',
  objective: 'p95 at most 300 ms, success at least 99.9 %',
  nominalRate: 100,
  overloadRate: 200,
  headroomRate: 110,
  clients: 2,
  limits: [
    { name: 'tcp.maxConnections', value: 22, whole: 44, low: 21, high: 23, before: 100, expected: 22 },
    {
      name: 'http.http1MaxPendingRequests',
      value: 2,
      whole: 4,
      low: 2,
      high: 2,
      edge: 'lowest of the bounds',
    },
  ],
  reasoning: ['Without limits a request takes 200 ms on average.'],
  trials: [
    {
      name: 'trial-001',
      verdict: 'holds',
      purpose: 'without limits',
      judged: 'nominal',
      limits: 'no limits',
      stage: 'before',
      offered: 110,
      goodput: 110,
      success: 1,
      refused: 0,
      latency: { name: 'p95', ms: 204 },
      why: [],
    },
    {
      name: 'trial-002',
      verdict: 'fails',
      purpose: 'tcp.maxConnections',
      judged: 'nominal',
      limits: 'maxConnections 19',
      stage: 'search',
      offered: 110,
      goodput: 95,
      success: 0.87,
      refused: 0.13,
      latency: { name: 'p95', ms: 240 },
      why: ['success 87 %, at least 99.9 %'],
    },
    {
      name: 'trial-003',
      verdict: 'broken',
      purpose: 'proof',
      judged: 'overload',
      limits: 'maxConnections 22, http1MaxPendingRequests 2',
      stage: 'after',
      offered: 200,
      why: ['the environment broke during the run'],
    },
  ],
  patch: { resource: 'DestinationRule shop/cart', file: 'cart.yaml', text: 'spec:\n  a: 1\n' },
  wallMs: 60_000,
};

test('the terminal has the limits, why, what was before and after, and the patch', () => {
  const text = tuningTerminal(report, { color: false, width: 110, directory: 'reports/tune-1' });
  expect(text).toContain('== FOUND ==');
  expect(text).toMatch(/tcp\.maxConnections +22 +44 +21 to 23 +100 +22/);
  expect(text).toMatch(/http1MaxPendingRequests +2 \(lowest of the bounds\) +4 +2 +no limit +-/);
  expect(text).toContain('- Without limits a request takes 200 ms on average.');
  expect(text).toMatch(/ok +1 +no limits +110\/s/);
  // What is on the way was told as it ended.
  expect(text).not.toContain('maxConnections 19');
  expect(text).toContain('Patch: DestinationRule shop/cart in cart.yaml');
  expect(text).toContain('     a: 1\n');
  expect(text).toContain('report in reports/tune-1/report.html');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test('every trial is a point that leads to its own report, and no name is anything but text', () => {
  const page = tuningHtml(report);
  // Once in the table, and in each of the three drawings.
  expect(page.match(/href="trials\/trial-001\/report\.html"/g)).toHaveLength(4);
  expect(page).not.toContain('trial-003/report.html');
  expect(page).toContain('success 87&nbsp;%'.replace('&nbsp;', '\u00a0'));
  expect(page).not.toContain('<script');
  expect(page).not.toContain('\u202e');
  expect(page).toContain("default-src 'none'");
});

test('tune.json is what its published schema says, and nothing else', () => {
  const published = JSON.parse(
    readFileSync(new URL('../../../docs/tune.schema.json', import.meta.url), 'utf8'),
  );
  expect(published).toEqual(JSON.parse(JSON.stringify(tuningJsonSchema())));
  const accepts = new Ajv2020({ strict: false }).compile(published);
  const written = JSON.parse(tuningJson(report));
  expect(accepts(written), JSON.stringify(accepts.errors)).toBe(true);
  expect(accepts({ ...written, ended: 'maybe' })).toBe(false);
  expect(accepts({ ...written, extra: 1 })).toBe(false);
  expect(() => tuningJson({ ...report, nominalRate: Number.NaN })).toThrow('nominalRate');
});

test('what connections cost and what other shapes come to are tables of their own', () => {
  const outcome = { holds: true, goodput: 100, refused: 0 };
  const shape = {
    shape: 'one replica less',
    clients: 2,
    servers: 1,
    judged: 'nominal',
    offered: 100,
  } as const;
  const more: TuningReport = {
    ...report,
    costs: [
      { requests: 8, trials: 2, held: 2, opened: 14.2, latency: { name: 'p95', ms: 210 }, cpuMs: 0.52 },
      { trials: 1, held: 1, opened: 0.4 },
    ],
    scaling: [
      {
        ...shape,
        model: { ...outcome, assuming: 'each replica can do more' },
        measured: { holds: false, goodput: 60, refused: 0.4, trials: 3, held: 1, why: ['success 60 %'] },
        agrees: false,
      },
      { ...shape, shape: 'a zone lost', model: outcome, untried: 'no workload is in zone-west' },
    ],
  };
  const text = tuningTerminal(more, { color: false, width: 200, directory: 'reports/tune-1' });
  expect(text).toMatch(/ 8 +2 of 2 +14\.2\/s +p95 210 ms +0\.52 ms/);
  expect(text).toMatch(/ no limit +1 of 1 +0\.4\/s +- +-/);
  expect(text).toMatch(
    /one replica less +2, 1 +100\/s +holds: 100\/s, refused 0 %, if each replica can do more/,
  );
  expect(text).toMatch(/misses: 60\/s, refused 40 %, 1 of 3 trials held +no/);
  expect(text).toContain('not tried: no workload is in zone-west');
  const page = tuningHtml(more);
  expect(page).toContain('What connections cost');
  expect(page).toContain('Other clients and replicas');
  expect(JSON.parse(tuningJson(more))).toMatchObject({
    scaling: [{ agrees: false }, { untried: 'no workload is in zone-west' }],
  });
});
