import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { examineScenario } from '../experiment/examine.ts';
import { faultSchema } from '../faults/index.ts';
import { ProblemsError } from '../kit/problems.ts';
import { waysToWrite } from '../load/written.ts';
import { planScenario } from '../plan/plan.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { type Changes, loadScenario, shownArguments } from './load.ts';
import { loadsIn } from './loads.ts';

const valid = `name: example
description: An example.
topology:
  services:
    shop:
      workloads:
        - {name: shop-east, locality: region1/east, replicas: 2}
        - {name: shop-west, locality: region1/west}
    client:
      workloads:
        - {name: client, locality: region1/east}
load:
  from: client
  to: shop
  rate: 100/s
  duration: 20s
faults:
  - {kind: error, on: {workload: shop-east}, at: 5s, for: 5s}
checks:
  - {kind: success-rate, during: steady, atLeast: 99.9%}
  - {kind: time-to-eject, atMost: 2s}
profiles:
  long:
    load.duration: 60s
    faults.0.for: 30s
  broken:
    load.duration: 60
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-load-'));
});
afterAll(() => rm(directory, { recursive: true }));

const nothing: Changes = { set: [], config: [] };

async function load(text: string, changes: Partial<Changes> = {}) {
  const file = join(directory, 'scenario.yaml');
  await writeFile(file, text);
  const loaded = await loadScenario(file, { ...nothing, ...changes });
  planScenario(loaded);
  return loaded;
}

/** The error's message, with files by their name alone. */
async function problems(text: string, changes: Partial<Changes> = {}): Promise<string> {
  const error = await load(text, changes).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(ProblemsError);
  expect(error.exitCode).toBe(2);
  return error.message.replaceAll(`${directory}/`, '');
}

describe('times without end', () => {
  it.each([
    ['load.maxLatency', '9999h', 'expected at most 240h, got "9999h"'],
    ['faults.0.at', '99999999s', 'expected at most 240h'],
    [
      'topology.services.shop.app',
      '{serviceTime: "constant:99999999s"}',
      'expected times of an hour at most',
    ],
    [
      'faults.0',
      '{kind: latency, on: {workload: shop-east}, delay: 1000h, at: 5s, for: 5s}',
      'faults.0.delay: expected at most 1h, got "1000h"',
    ],
  ])('%s: %s', async (path, value, words) => {
    expect(await problems(valid, { set: [`${path}=${value}`] })).toContain(words);
  });
});

describe('a scenario file', () => {
  it('is read with its defaults', async () => {
    const { scenario } = await load(valid);
    expect(scenario.load).toMatchObject({ rate: 100, duration: 20_000, warmup: 2_000, method: 'GET' });
    expect(scenario.faults[0]).toMatchObject({ kind: 'error', status: 503, rate: 1 });
  });

  it('may begin with a byte order mark and have CRLF', async () => {
    const { scenario } = await load(`\ufeff${valid.replaceAll('\n', '\r\n')}`);
    expect(scenario.name).toBe('example');
  });

  it('is told every mistake at once, with the nearest name', async () => {
    const text = valid
      .replace('duration: 20s', 'duration: 20\n  circutBreaker: true\n  retires: 1')
      .replace('kind: error', 'kind: eror')
      .replace('during: steady', 'during: steadi')
      .replace('description: An example.\n', '');
    const kinds = faultSchema.options.map(({ shape }) => shape.kind.value);
    expect((await problems(text)).replace(kinds.join(', '), 'EVERY KIND')).toMatchInlineSnapshot(`
      "6 problems
      scenario.yaml:1:1: description: missing; this field is needed
        What is expected of the mesh, in a sentence or two.
      scenario.yaml:15:13: load.duration: expected a duration with a unit, such as 500ms, 10s or 1m30s, got 20
      scenario.yaml:16:3: load.circutBreaker: unknown field "circutBreaker"
      scenario.yaml:17:3: load.retires: unknown field "retires"
      scenario.yaml:19:12: faults.0.kind: unknown kind "eror"
        did you mean "error"? allowed: EVERY KIND
      scenario.yaml:21:34: checks.0.during: expected one of steady, fault, recovery, change, run; got the text "steadi"
        did you mean "steady"?"
    `);
  });

  it('is told what does not fit together', async () => {
    const text = valid
      .replace('from: client', 'from: clent')
      .replace('name: shop-west', 'name: shop-east')
      .replace('rate: 100/s', 'rate: 100/s\n  closed: {users: 3}');
    expect((await problems(text)).replace(waysToWrite, 'EVERY WAY')).toMatchInlineSnapshot(`
      "3 problems
      scenario.yaml:8:18: topology.services.shop.workloads.1.name: there is already a workload "shop-east" in the service shop
        names are unique over all services
      scenario.yaml:13:9: load.from: there is no service "clent" in the topology
        did you mean "client"? allowed: shop, client
      scenario.yaml:16:11: load.closed: closed and rate exclude each other
        give EVERY WAY"
    `);
  });

  it('has faults that hit something, in the load, one at a time', async () => {
    const text = valid.replace(
      /faults:\n.*\n/,
      `faults:
  - {kind: kill, on: {service: client}, at: 1s, for: 5s}
  - {kind: kill, on: {workload: shop-east, replica: 3}, at: 5s, for: 50s}
  - {kind: kill, on: {zone: region1/nort}, at: 5s, for: 5s}
  - {name: first, kind: kill, on: {service: shop}, at: 5s, for: 5s}
  - {name: first, kind: error, on: {workload: shop-east, replica: 1}, at: 6s, for: 2s}
`,
    );
    expect(await problems(text)).toMatchInlineSnapshot(`
      "9 problems
      scenario.yaml:18:32: faults.0.on.service: "client" is a client (load.from); it runs no app, the load stands in for it
        allowed: shop
      scenario.yaml:18:45: faults.0.at: it starts at 1 s, when the warmup of 2 s is not over
        between the two lies the steady state that the fault is compared with
      scenario.yaml:19:53: faults.1.on.replica: shop-east has 2 replicas
      scenario.yaml:19:70: faults.1.for: it ends at 55 s, after the load, which lasts 20 s
      scenario.yaml:20:29: faults.2.on.zone: nothing runs in "region1/nort"
        did you mean "region1/east"? allowed: region1/east, region1/west
      scenario.yaml:22:12: faults.4.name: there is already a fault "first"
        names are unique
      scenario.yaml:22:75: faults.4.at: shop-east-1 has the fault first at the same time, and one of the two stops its process
        let one end before the other starts
      scenario.yaml:24:34: checks.0.during: the steady state lasts 0 s: there is nothing to look at
        let the fault start later
      scenario.yaml:25:12: checks.1.kind: there are 5 faults; say which one
        fault: kill, kill-2, kill-3, first, first"
    `);
  });

  it('has checks on windows that exist', async () => {
    const text = valid
      .replace('duration: 20s', 'duration: 10s')
      .replace('atMost: 2s}', 'atMost: 8s}\n  - {kind: time-to-return, atMost: 1s}')
      .replace('during: steady', 'during: fault, fault: eror, after: 9s');
    expect(await problems(text)).toMatchInlineSnapshot(`
      "3 problems
      scenario.yaml:20:48: checks.0.fault: there is no fault "eror"
        did you mean "error"? allowed: error
      scenario.yaml:21:35: checks.1.atMost: the fault lasts 5 s, so nobody can wait 8 s in it
        let the fault last longer
      scenario.yaml:22:12: checks.2.kind: the recovery lasts 0 s: there is nothing to look at
        let the load go on after the fault has ended"
    `);
  });
});

describe('changes from the command line', () => {
  it('apply a profile, then --set', async () => {
    const { scenario } = await load(valid, {
      profile: 'long',
      set: ['load.rate=6000/m', 'faults.0.on.replica=1'],
    });
    expect(scenario.load).toMatchObject({ rate: 100, duration: 60_000 });
    expect(scenario.faults[0]).toMatchObject({ on: { workload: 'shop-east', replica: 1 } });
  });

  it('take a field away with nothing', async () => {
    const { scenario } = await load(valid, {
      set: ['load.rate=', 'load.duration=null', 'load.stages=[{rate: 10/s, duration: 20s}]'],
    });
    expect(loadsIn(scenario)[0]?.load.stages).toEqual([{ rate: 10, duration: 20_000 }]);
  });

  it('are where their own mistakes are', async () => {
    const set = ['load.rat=5', 'checks.9.name=x', 'checks.0.atLeast=12', 'load.to=nobody', 'nonsense'];
    expect(await problems(valid, { set })).toMatchInlineSnapshot(`
      "4 problems
      --set nonsense: expected PATH=VALUE
      --set checks.9.name=x: checks is a list of 2 entries; it has no "9"
        count from 0: checks.0 to checks.1
      --set load.rat=5: load.rat: unknown field "rat"
        did you mean "rate"?
      --set checks.0.atLeast=12: checks.0.atLeast: expected a percentage from 0% to 100%, such as 99.9%, got 12"
    `);
    expect(await problems(valid, { profile: 'broken' })).toMatchInlineSnapshot(
      `"scenario.yaml:27:20: load.duration: expected a duration with a unit, such as 500ms, 10s or 1m30s, got 60"`,
    );
    expect(await problems(valid, { profile: 'lng' })).toMatchInlineSnapshot(`
      "--profile lng: there is no such profile
        did you mean "long"? allowed: long, broken"
    `);
    expect(await problems(valid, { config: ['nowhere.yaml'] })).toMatchInlineSnapshot(
      `"--config nowhere.yaml: there is no such file"`,
    );
  });
});

describe('another mesh', () => {
  const meshes = `meshes:
  consul:
    mesh.configuration: [rules.hcl]
    load.rate: 50/s
`;

  it('is the scenario with what is otherwise there, which the command line has the last word over', async () => {
    await writeFile(join(directory, 'rules.hcl'), 'Kind = "mesh"\n');
    const text = `${valid}${meshes}`;
    const own = await load(text);
    expect([own.scenario.mesh.kind, own.meshFiles.length]).toEqual(['istio', 0]);
    const other = await load(text, { mesh: 'consul' });
    expect(other.scenario.mesh.kind).toBe('consul');
    expect(other.meshFiles.map((each) => each.path)).toEqual([join(directory, 'rules.hcl')]);
    expect(loadsIn(other.scenario)[0]?.load).toMatchObject({ rate: 50 });
    const both = await load(text, { mesh: 'consul', set: ['load.rate=20/s'] });
    expect(loadsIn(both.scenario)[0]?.load).toMatchObject({ rate: 20 });
    expect((await load(text, { mesh: 'istio' })).scenario).toEqual(own.scenario);
  });

  it('that the scenario has nothing for, or a reason against, is refused with the place', async () => {
    await writeFile(join(directory, 'rules.yaml'), '');
    const configured = `${valid}mesh: { configuration: [rules.yaml] }\n`;
    expect(await problems(configured, { mesh: 'consul' })).toContain(
      'unsupported on consul, because the scenario has no configuration for it',
    );
    // What has no configuration is the same on every mesh.
    expect((await load(valid, { mesh: 'consul' })).scenario.mesh.kind).toBe('consul');
    expect(await problems(valid, { mesh: 'nomad' })).toBe(
      '--mesh nomad: mesh.kind: expected one of istio, consul; got the text "nomad"',
    );
    const against = `${valid}meshes:\n  consul:\n    unsupported: it has no faults\n`;
    expect(await problems(against, { mesh: 'consul' })).toMatch(
      /^scenario\.yaml:\d+:\d+: unsupported on consul, because it has no faults/,
    );
    expect((await load(against)).scenario.mesh.kind).toBe('istio');
  });
});

describe('secrets from the command line', () => {
  const secret = 'Bearer hunter2-hunter2';

  it.each([
    [`load.headers.authorization=${secret}`, 'load.headers.authorization=***'],
    [`load.headers={authorization: ${secret}}`, 'load.headers=***'],
    [`load={from: a, headers: {a: ${secret}}}`, 'load=***'],
    ['load={path: /x?hunter2}', 'load=***'],
    [`load.body=${secret}`, 'load.body=***'],
    [`load.path=/a?token=${secret}`, 'load.path=/a?***'],
    [`load.headers.authorization: ${secret}`, 'load.headers.authorization***'],
    [`load.headers.authorization ${secret}=`, 'load.headers.authorization***'],
    [`load.headers.authorization=[${secret}`, 'load.headers.authorization=***'],
    [`load.headers.authorization=!${secret}`, 'load.headers.authorization=***'],
    ['load.rate=400/s', 'load.rate=400/s'],
    ['load.path=/a', 'load.path=/a'],
    ['load={rate: 5/s}', 'load={rate: 5/s}'],
    [`load={headers: {a: ${secret}`, 'load=***'],
    [`load.0.headers.a=${secret}`, 'load.0.headers.a=***'],
    [`load=[{headers: {a: ${secret}}}]`, 'load=***'],
    [`probes.0.headers.a=${secret}`, 'probes.0.headers.a=***'],
    [`probes.x.headers.a=${secret}`, 'probes.x.headers.a=***'],
    [`probes.0.headers.a ${secret}=`, 'probes.0.headers.a***'],
    [`probes.0.matrix.headers.1.a=${secret}`, 'probes.0.matrix.headers.1.a=***'],
    [`probes.0.matrix={headers: [{a: ${secret}}]}`, 'probes.0.matrix=***'],
    [`probes.0.expect.1.when.headers.a=${secret}`, 'probes.0.expect.1.when.headers.a=***'],
    [`probes.0.body=${secret}`, 'probes.0.body=***'],
    [`probes=[{body: ${secret}}]`, 'probes=***'],
    [`probes.0.path=/a?token=${secret}`, 'probes.0.path=/a?***'],
    [`probes.0.matrix.path=["/a?token=${secret}"]`, 'probes.0.matrix.path=["/a?***'],
    ['probes.0.every=2s', 'probes.0.every=2s'],
  ])('are not in a command that is shown: %s', (assignment, shown) => {
    expect(shownArguments(['run', 'f', '--set', assignment, `--set=${assignment}`, '--keep'])).toEqual([
      'run',
      'f',
      '--set',
      shown,
      `--set=${shown}`,
      '--keep',
    ]);
  });

  it.each([
    'load.headers.authorization=[SECRET]',
    'load.headers.authorization="SECRET\\nSECRET"',
    'load.headers={a: SECRET, b: [SECRET]}',
    'load.headers.authorization=!SECRET',
    'load.headers.authorization SECRET',
    'load.body={a: SECRET}',
    'load.path=SECRET?a=SECRET',
    'load={path: "SECRET?SECRET", body: [SECRET]}',
    'load=[{headers: {a: [SECRET]}}]',
    'load.0.headers.a=SECRET',
    'probes=[{headers: {a: [SECRET]}, path: "?SECRET"}]',
    'probes=[{matrix: {headers: [{a: [SECRET]}], path: ["?SECRET"]}}]',
    'probes=[{headers: SECRET, body: [SECRET]}]',
    'probes=[{expect: [{when: {headers: {a: [SECRET]}}}]}]',
    'probes={headers: SECRET}',
  ])('are not in mistakes: %s', async (assignment) => {
    const said = await problems(valid, { set: [assignment.replaceAll('SECRET', 'hunter2-hunter2')] });
    expect(said.replace('load.path=hunter2-hunter2', '')).not.toContain('hunter2');
  });

  it.each([
    'headers: {authorization: "Bearer SECRET\\n"}',
    'headers: Bearer SECRET',
    'headers: {Bearer SECRET: x}',
    'headers: {a: {b: SECRET}}',
    'body: [SECRET]',
    'body: SECRET\n  body: SECRET',
    'path: items?token=SECRET',
    'path: /items token=SECRET',
    'path: ["/items?token=SECRET"]',
    'headers: {authorization: "Bearer SECRET", content-length: "1"}',
    'headers: {a: SECRET\n  body: "SECRET\n',
  ])('of the file itself are not in mistakes either: %s', async (field) => {
    const text = valid.replace('load:\n', `load:\n  ${field.replaceAll('SECRET', 'hunter2-hunter2')}\n`);
    expect(await problems(text)).not.toContain('hunter2');
    const several = text.replace(/^load:\n((?: {2}.*\n)+)/m, (_, fields: string) => {
      const entry = fields
        .replace(/^ {2}/gm, '    ')
        .replace(/^ {2}/, '  -')
        .replace(/^ {2}- {2}/, '  - ');
      return `load:\n${entry}`;
    });
    expect(await problems(several)).not.toContain('hunter2');
    const profile = `  secret:\n    load.headers: {a: {b: hunter2-hunter2}, 'c d': hunter2}\n    load.body: [hunter2-hunter2]\n`;
    expect(await problems(valid + profile, { profile: 'secret' })).not.toContain('hunter2');
  });

  it('come from variables and files as they are', async () => {
    const file = join(directory, 'token');
    await writeFile(file, 'yes: no\n');
    vi.stubEnv('BREAKWATER_TEST_TOKEN', '0123');
    const { scenario } = await load(valid, {
      setEnv: ['load.headers.a=BREAKWATER_TEST_TOKEN'],
      setFile: [`load.headers.b=${file}`],
    });
    expect(loadsIn(scenario)[0]?.load.headers).toEqual({ a: '0123', b: 'yes: no' });
    vi.stubEnv('BREAKWATER_TEST_TOKEN', 'hunter2-hunter2 ');
    vi.stubEnv('BREAKWATER_TEST_EMPTY', '');
    expect(
      await problems(valid, {
        setEnv: [
          'load.rate=BREAKWATER_TEST_TOKEN',
          'load.headers.a=BREAKWATER_TEST_EMPTY',
          'a=BREAKWATER_NOT',
        ],
        setFile: ['load.body=nowhere', 'load.body'],
      }),
    ).toMatchInlineSnapshot(`
      "5 problems
      --set-env load.headers.a=BREAKWATER_TEST_EMPTY: the environment variable BREAKWATER_TEST_EMPTY is empty
      --set-env a=BREAKWATER_NOT: the environment variable BREAKWATER_NOT is not set
      --set-file load.body=nowhere: there is no such file
      --set-file load.body: expected PATH=FILE
      --set-env load.rate=BREAKWATER_TEST_TOKEN: load.rate: expected a rate such as 200/s or 600/m, got "***""
    `);
    vi.unstubAllEnvs();
  });
});

describe('a large scenario file takes no time', () => {
  // What is quadratic takes minutes; a busy machine takes many seconds for what is not.
  const inTime = { timeout: 90_000 };

  it('with thousands of profiles', inTime, async () => {
    const file = join(directory, 'profiles.yaml');
    const profiles = Array.from(
      { length: 3_000 },
      (_, number) => `  p${number}: {load.duration: ${number}}\n`,
    );
    await writeFile(file, valid.replace(/profiles:[^$]*$/, `profiles:\n${profiles.join('')}`));
    const { problems } = await examineScenario(file);
    expect(problems).toHaveLength(3_000);
    expect(problems.at(-1)?.line).toBe(22 + 3_000);
  });

  it.each([
    ['without names', ''],
    ['of one name', 'name: same, '],
  ])('with thousands of checks %s', inTime, async (_, name) => {
    const file = join(directory, 'checks.yaml');
    const check = `  - {${name}kind: success-rate, during: steady, atLeast: 99%}\n`;
    await writeFile(file, valid.replace(/checks:[^$]*$/, `checks:\n${check.repeat(15_000)}`));
    const { problems } = await examineScenario(file);
    expect(problems).toHaveLength(name === '' ? 0 : 14_999);
  });

  it('with thousands of changes that are mistakes', inTime, async () => {
    const set = Array.from({ length: 5_000 }, (_, number) => `load.headers.a${number}=[]`);
    const said = await problems(valid, { set });
    expect(said).toContain('5000 problems\n--set load.headers.a0=[]: load.headers.a0: ');
    expect(said).toContain('--set load.headers.a49=[]: load.headers.a49: ');
  });

  it('unless it has what nobody needs', async () => {
    const fault = '  - {kind: error, on: {workload: shop-east}, at: 5s, for: 5s}\n';
    expect(await problems(valid.replace(fault, fault.repeat(501)))).toContain(
      'faults: expected at most 500 entries, got 501',
    );
  });
});

describe('the schema for editors', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(scenarioJsonSchema());

  it('accepts what the loader accepts', () => {
    const value = parse(valid);
    delete value.profiles.broken;
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  });

  it('knows units and names', () => {
    const value = parse(valid);
    expect(validate({ ...value, load: { ...value.load, rate: '100' } })).toBe(false);
    expect(validate({ ...value, load: { ...value.load, circutBreaker: 1 } })).toBe(false);
  });
});
