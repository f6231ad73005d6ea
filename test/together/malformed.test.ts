import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ProblemsError } from '../../src/kit/problems.ts';
import { planScenario } from '../../src/plan/plan.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { root, Workspace } from '../support/breakwater.ts';

const directory = mkdtempSync(join(tmpdir(), 'breakwater-malformed-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const scenarios = readdirSync(join(root, 'scenarios')).filter((name) => name.endsWith('.yaml'));
const contents = scenarios.map((name) => readFileSync(join(root, 'scenarios', name), 'utf8'));
const example = readFileSync(join(root, 'scenarios/circuit-breaker.yaml'), 'utf8');
const meshConfiguration = join(root, 'scenarios/mesh/circuit-breaker.yaml');

/** mulberry32: the same mutations every time. */
function randomNumbers(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Read when they are asked for, or of any name. */
const apart: ReadonlySet<string> = new Set(['profiles', 'meshes', 'labels', 'headers']);

type Holder = Record<string | number, unknown>;

/** Every place in a scenario that holds a value; profiles, what it has for other meshes, and free-form names left out. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) =>
    apart.has(key) ? [] : places(each, [...path, key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

function holderOf(value: unknown, path: readonly (string | number)[]): Holder {
  return path.slice(0, -1).reduce<unknown>((at, part) => (at as Holder)[part], value) as Holder;
}

/** What no field of a scenario takes, whatever its type. */
const mutations: Record<string, (holder: Holder, key: string | number) => void> = {
  'unknown field beside it': (holder, key) => {
    if (Array.isArray(holder)) holder.push({ surprise: true });
    else holder[`${key}z`] = holder[key];
  },
  'a list of lists': (holder, key) => {
    holder[key] = [[['x']]];
  },
  'a map of surprises': (holder, key) => {
    holder[key] = { surprise: { surprise: 1 } };
  },
  'negative infinity': (holder, key) => {
    holder[key] = Number.NEGATIVE_INFINITY;
  },
  'not a number': (holder, key) => {
    holder[key] = Number.NaN;
  },
  'a truth value': (holder, key) => {
    holder[key] = true;
  },
};

function mutated(count: number): [string, string][] {
  const random = randomNumbers(1);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return Array.from({ length: count }, (_, index) => {
    const value = parse(pick(contents));
    const path = pick(places(value));
    const what = pick(Object.keys(mutations));
    const holder = holderOf(value, path);
    const key = path.at(-1) ?? '';
    // Lists of services' own names take any name.
    const free = path.length === 3 && path[1] === 'services' && what.startsWith('unknown');
    if (free) holder[key] = 'not a service';
    else mutations[what]?.(holder, key);
    return [`${index + 1}: ${free ? 'a service of text' : what} at ${path.join('.')}`, stringify(value)];
  });
}

const replaced = (from: string | RegExp, to: string): string => {
  const text = example.replace(from, to);
  if (text === example) throw new Error(`the example has no ${from}`);
  return text;
};

const serviceTime = (text: string) => replaced(/serviceTime: .*/, `serviceTime: "${text}"`);
const header = (name: string, value: string) =>
  replaced('load:', `load:\n  headers: ${JSON.stringify({ [name]: value })}`);
const address = (path: string) => replaced('load:', `load:\n  path: ${JSON.stringify(path)}`);
const label = (name: string, value: string) =>
  replaced('replicas: 2', `replicas: 2\n          labels: ${JSON.stringify({ [name]: value })}`);

/** Content, and words of what it is told: what is wrong and, where that is known, what would be right. */
const nasty: Record<string, readonly [content: string | Buffer, words: string]> = {
  'an empty file': ['', ':1:1: the file is empty'],
  'only a comment': ['# nothing yet\n', ':1:1: the file is empty'],
  'only ---': ['---\n---\n', ':1:1: the file is empty'],
  'plain text': ['hello', ':1:1: a scenario is a map of fields: name, description, topology'],
  'a list': ['- a\n- b\n', ':1:1: a scenario is a map of fields'],
  'a number': ['42', ':1:1: a scenario is a map of fields'],
  null: ['null\n', ':1:1: the file is empty'],
  'an unfinished list': [
    `${example}\nextra: [1, 2`,
    `:${example.split('\n').length + 1}:13: not valid YAML: Flow sequence`,
  ],
  'an unfinished quote': ['name: "x\n', ':2:1: not valid YAML: Missing closing "quote'],
  'a tab for indentation': [
    replaced('  from:', '\tfrom:'),
    'not valid YAML: Tabs are not allowed as indentation\n  indent with spaces',
  ],
  'a key twice': [
    replaced('  from:', '  to: edge-app\n  from:'),
    'the key "to" is there twice\n  leave one of the two out',
  ],
  'a second document': [
    `${example}\n---\n${example}`,
    'a second YAML document begins here; a scenario file has one',
  ],
  'a Kubernetes resource': [
    'apiVersion: v1\nkind: Service\nmetadata: {name: x}\n',
    'this is a Kubernetes resource, not a scenario\n  name it under mesh.configuration',
  ],
  'bytes that are not text': [
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3, 0xff, 0xfe]),
    'the file is not UTF-8 text\n  save it as UTF-8',
  ],
  'Latin-1': [
    Buffer.concat([Buffer.from('name: '), Buffer.from([0xe9, 0xe8]), Buffer.from('\n')]),
    'the file is not UTF-8 text\n  save it as UTF-8',
  ],
  'UTF-16': [Buffer.from(`\ufeff${example}`, 'utf16le'), 'the file is not UTF-8 text\n  save it as UTF-8'],
  'a NUL character': ['name: a\0b\n', 'this is not a text file: it has NUL characters in it'],
  '2 MB': [`# ${'x'.repeat(2 * 1024 * 1024)}\n${example}`, 'bytes, at most 1048576 (1 MiB) are read'],
  'brackets without end': ['['.repeat(500_000), ':1:1025: nested deeper than 64 levels'],
  'maps without end': ['{a: '.repeat(5_000), ':1:4097: nested deeper than 64 levels'],
  'dashes without end': ['- '.repeat(5_000), 'nested deeper than 64 levels'],
  'levels without end': [
    Array.from({ length: 400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
    ':66:66: nested deeper than 64 levels',
  ],
  'a bomb of aliases': [
    `a: &a [${'x,'.repeat(9)}x]\n${'bcdefghi'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(10)}x]`)
      .join('\n')}\n`,
    ':1:1: its aliases (*name) expand to too much',
  ],
  'thousands of aliases': [`a: &a x\nb: [${'*a, '.repeat(5_000)}x]\n`, ':2:405: more than 100 aliases'],
  'an alias of itself': ['name: &a [*a]\n', ':1:11: the alias *a is part of itself'],
  'an alias of nothing': ['name: *nobody\n', ':1:7: there is no anchor &nobody before this alias'],
  'a merge of text': ['name: x\n<<: text\n', ':2:5: only maps can be merged with <<'],
  'a tag': [
    'name: !!js/function "function () {}"\n',
    'Unresolved tag: tag:yaml.org,2002:js/function\n  leave the tag (!…) out',
  ],
  'a binary': [
    'name: !!binary aGVsbG8=\n',
    'the tag tag:yaml.org,2002:binary is not allowed\n  leave it out',
  ],
  'a field __proto__': [
    replaced('load:', '__proto__: {polluted: true}\nload:'),
    'the key "__proto__" is not allowed',
  ],
  'constructor as a field': [
    replaced('load:', 'constructor: {prototype: {polluted: true}}\nload:'),
    'constructor: unknown field "constructor"\n  allowed: name, description',
  ],
  'a key that is a list': ['? [a, b]\n: c\n', 'not valid YAML: With stringKeys, all keys must be strings'],
  'fifty thousand unknown fields': [
    `${example}\n${Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')}`,
    '… and 49950 more',
  ],
  'a rate of infinity': [
    replaced(/rate: .*/, 'rate: .inf'),
    'load.rate: expected a rate such as 200/s or 600/m, got the number Infinity',
  ],
  'a rate without a unit': [
    replaced(/rate: .*/, 'rate: 300'),
    'load.rate: expected a rate such as 200/s or 600/m, got 300',
  ],
  'a rate of nothing': [replaced(/rate: .*/, 'rate: 0/s'), 'load.rate: expected a rate above 0'],
  'a rate beyond reason': [
    replaced(/rate: .*/, 'rate: 99999999999/s'),
    'virtual users; at most 20000 fit on one machine\n  lower the rate or maxLatency',
  ],
  'a negative duration': [
    replaced(/duration: .*/, 'duration: -5s'),
    'load.duration: expected a duration with a unit, such as 500ms, 10s or 1m30s, got "-5s"',
  ],
  'a duration of years': [
    replaced(/duration: .*/, 'duration: 99999999999h'),
    'load.duration: expected at most 240h, got "99999999999h"',
  ],
  'a share above all': [
    replaced(/atLeast: 99.9%/, 'atLeast: 250%'),
    'checks.0.atLeast: expected a percentage from 0% to 100%, such as 99.9%, got "250%"',
  ],
  'a fault before the load': [
    replaced(/ {4}at: .*/, '    at: 0s'),
    'faults.0.at: it starts at 0 ms, when the warmup of 2 s is not over',
  ],
  'a fault after the load': [
    replaced(/ {4}at: .*/, '    at: 500s'),
    'faults.0.at: it ends at 8 min 28 s, after the load, which lasts 24 s',
  ],
  'a fault that never ends': [
    replaced(/ {4}for: .*/, '    for: .inf'),
    'faults.0.for: expected a duration with a unit',
  ],
  'a fault on nobody': [
    replaced(/ {6}service: edge-app/, '      service: nobody'),
    'faults.0.on.service: there is no service "nobody"\n  allowed: edge-app',
  ],
  'a fault on the client': [
    replaced(/ {6}service: edge-app/, '      service: frontend'),
    'faults.0.on.service: "frontend" is a client (load.from); it runs no app, the load stands in for it',
  ],
  'a check on no fault': [
    replaced('during: fault', 'during: fault\n    fault: nobody'),
    'checks.2.fault: there is no fault "nobody"\n  allowed: latency',
  ],
  'a path that leads nowhere': [
    replaced('mesh/circuit-breaker.yaml', 'nowhere/at-all.yaml'),
    'mesh.configuration.0: nowhere/at-all.yaml: there is no such file',
  ],
  'a path with a NUL': [
    replaced('- mesh/circuit-breaker.yaml', '- "a\\0b"'),
    'the path has a NUL character in it',
  ],
  'a device for mesh configuration': [
    replaced('mesh/circuit-breaker.yaml', '/dev/zero'),
    'mesh.configuration.0: /dev/zero: this is not a regular file',
  ],
  'a port behind the name of a service': [
    replaced(/to: edge-app$/m, 'to: edge-app:9090'),
    'load.to: expected the name alone, and beside it port: 9090; got "edge-app:9090"',
  ],
  'no checks': [replaced(/checks:[\s\S]*/, 'checks: []\n'), 'checks: a scenario needs at least one check'],
  'a million replicas': [
    replaced('replicas: 2', 'replicas: 1000000'),
    'replicas: expected at most 50, got the number 1000000',
  ],
  'a name with a line break': [replaced(/^name: .*/m, 'name: "a\\nb"'), 'name: expected a DNS label'],
  'a shell in a name': [replaced(/^name: .*/m, 'name: "$(touch /tmp/x)"'), 'name: expected a DNS label'],
  'a path in a name': [replaced(/^name: .*/m, 'name: ../../x'), 'name: expected a DNS label'],
  'a p99 below the median': [
    serviceTime('lognormal:20ms,5ms'),
    'serviceTime: expected times of an hour at most, a median above 0 and a p99 that is not below it, such as lognormal:5ms,20ms; got "lognormal:20ms,5ms"',
  ],
  'a median of nothing': [
    serviceTime('lognormal:0ms,5ms'),
    'serviceTime: expected times of an hour at most, a median above 0',
  ],
  'another distribution': [
    serviceTime('uniform:5ms'),
    'serviceTime: expected constant:5ms, exponential:5ms or lognormal:5ms,20ms (median,p99); got "uniform:5ms"',
  ],
  'a header with blanks': [
    header('x tenant', 'a'),
    "load.headers.***: not a name that is allowed here: expected a header's name, such as x-tenant: no blanks, no colon; got",
  ],
  'a header with a colon': [
    header('x-tenant:', 'a'),
    "load.headers.***: not a name that is allowed here: expected a header's name, such as",
  ],
  'a pseudo-header': [header(':authority', 'a'), "expected a header's name, such as x-tenant"],
  'a header without a name': [header('', 'a'), "expected a header's name, such as x-tenant"],
  'a header of two lines': [
    header('x-tenant', 'a\r\nx-other: b'),
    "load.headers.x-tenant: expected a header's value: one line of text without control characters",
  ],
  'a header with a line break at its end': [
    header('x-tenant', 'a\n'),
    "load.headers.x-tenant: expected a header's value: one line of text",
  ],
  "a header of Breakwater's own": [
    header('X-Breakwater-Due', '1'),
    'leave the header X-Breakwater-Due out; Breakwater says in it when a request was due',
  ],
  'another host': [
    header('Host', 'elsewhere'),
    'leave the header Host out; k6 sets it by itself, from load.to and the body',
  ],
  'a length of its own': [
    header('content-length', '5'),
    'leave the header content-length out; k6 sets it by itself',
  ],
  'a header of one connection': [
    header('connection', 'close'),
    'leave the header connection out; it belongs to one connection',
  ],
  'a request id for all': [
    header('x-request-id', 'a'),
    'leave the header x-request-id out; one for all requests, and none can be followed',
  ],
  'an address with blanks': [
    address('/a b'),
    'load.path: expected a path that starts with /; blanks, #, % and what is not ASCII are written as in %20; got "/a b"',
  ],
  'an address with a line break': [address('/a\n'), 'load.path: expected a path that starts with /'],
  'an address without a slash': [address('items'), 'load.path: expected a path that starts with /; blanks'],
  'an address with a fragment': [address('/a#b'), 'load.path: expected a path that starts with /'],
  'an address with half an escape': [address('/100%'), 'load.path: expected a path that starts with /'],
  'a label with blanks in its name': [
    label('a team', 'x'),
    "labels.a team: not a name that is allowed here: expected a label's name, such as team or example.com/team",
  ],
  'a label with two slashes': [
    label('a/b/c', 'x'),
    "expected a label's name, such as team or example.com/team",
  ],
  'a label without a name': [
    label('example.com/', 'x'),
    "expected a label's name, such as team or example.com/team",
  ],
  'a label with a name too long': [
    label('x'.repeat(64), 'x'),
    "expected a label's name, such as team or example.com/team: up to 63",
  ],
  'a label with a domain too long': [
    label(`${'x'.repeat(254)}/a`, 'x'),
    "expected a label's name, such as team",
  ],
  'a label with blanks': [
    label('team', 'a b'),
    "labels.team: expected a label's value: up to 63 letters, digits, dashes, dots and underscores",
  ],
  'a label too long': [label('team', 'x'.repeat(64)), "labels.team: expected a label's value: up to 63"],
  'a zone that is no label': [
    replaced('region1/zone-east', 'region1/zone:east'),
    'locality: expected region/zone or region/zone/sub-zone, each of letters, digits',
  ],
  'a zone without a region': [
    replaced('region1/zone-east', 'zone-east'),
    'locality: expected region/zone or region/zone/sub-zone',
  ],
  'a workload whose replicas have no names': [
    replaced('name: edge-app-east', `name: ${'x'.repeat(61)}`),
    'expected at most 60 characters: the names of replicas, such as NAME-50, are labels too',
  ],
  'a rate below one a minute': [
    replaced(/rate: .*/, 'rate: 0.001/s'),
    'load.rate: expected at least one request a minute, got 0.06/m\n  1/m is the slowest load',
  ],
  'a stage below one a minute': [
    replaced(/rate: .*\n.*/, 'stages: [{rate: 0.5/m, duration: 24s}]'),
    'load.stages.0.rate: expected at least one request a minute, got 0.5/m',
  ],
};

const cases: [name: string, content: string | Buffer, words: string][] = [
  ...Object.entries(nasty).map(([name, [content, words]]): [string, string | Buffer, string] => [
    name,
    content,
    words,
  ]),
  // A mutation made by chance has no words of its own.
  ...mutated(120).map(([name, content]): [string, string, string] => [name, content, '']),
];

/** The one error that a file gives, however it is read. */
async function failure(file: string): Promise<unknown> {
  try {
    planScenario(await loadScenario(file, { set: [], config: [meshConfiguration] }));
  } catch (error) {
    return error;
  }
  throw new Error(`${readFileSync(file, 'utf8').slice(0, 2_000)}\nis accepted`);
}

function expectClear(error: unknown, file: string): void {
  expect(error, String((error as Error).stack)).toBeInstanceOf(ProblemsError);
  const { message, problems, exitCode } = error as ProblemsError;
  expect(exitCode).toBe(2);
  expect(problems.length).toBeGreaterThan(0);
  expect(message).toContain(file);
  expect(message).not.toMatch(/\n\s+at .*[:(]\d+|undefined|\[object|NaN is|Maximum call stack/);
  expect(message.length).toBeLessThan(20_000);
  for (const problem of problems) {
    expect(problem.message).not.toBe('');
    if (problem.path !== undefined) expect(problem.line).toBeGreaterThan(0);
  }
}

describe(`${cases.length} malformed scenario files`, () => {
  it.each(cases)('%s', { timeout: 60_000 }, async (name, content, words) => {
    const file = join(directory, 'scenario.yaml');
    // The configuration under test is looked at only when none is named on the command line.
    const own = name.includes('path') || name.includes('mesh configuration');
    writeFileSync(file, content);
    const error = own
      ? await loadScenario(file, { set: [], config: [] }).catch((thrown) => thrown)
      : await failure(file);
    expectClear(error, file);
    expect((error as Error).message).toContain(words);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('a byte order mark and CRLF are not malformed', async () => {
    const file = join(directory, 'windows.yaml');
    writeFileSync(file, `\ufeff${example.replaceAll('\n', '\r\n')}`);
    const loaded = await loadScenario(file, { set: [], config: [meshConfiguration] });
    expect(planScenario(loaded).trial.checks.length).toBeGreaterThan(0);
  });
});

describe('paths that are no scenario files', () => {
  symlinkSync(join(directory, 'circle-b'), join(directory, 'circle-a'));
  symlinkSync(join(directory, 'circle-a'), join(directory, 'circle-b'));
  mkdirSync(join(directory, 'folder.yaml'));
  it.each([
    ['nothing there', 'missing.yaml', 'there is no such file'],
    ['a directory', 'folder.yaml', 'this is a directory'],
    ['below a file', 'folder.yaml/../circle-a/x', 'circle of symbolic links'],
    ['a circle of links', 'circle-a', 'circle of symbolic links'],
    ['a name without end', 'x'.repeat(5_000), 'too long'],
  ])('%s', async (_, name, words) => {
    const file = `${directory}/${name}`;
    const error = await failure(file);
    expectClear(error, file);
    expect((error as Error).message).toContain(words);
  });

  it('a device', async () => {
    expectClear(await failure('/dev/zero'), '/dev/zero');
  });
});

describe('the command', () => {
  const commands: [string, string][] = [
    ['plan', 'an empty file'],
    ['plan', 'a tab for indentation'],
    ['plan', 'a bomb of aliases'],
    ['plan', 'bytes that are not text'],
    ['plan', 'a field __proto__'],
    ['run', 'a rate without a unit'],
    ['run', 'a fault on nobody'],
    ['run', 'a p99 below the median'],
    ['run', 'a header of two lines'],
    ['run', 'a label too long'],
    ['run', 'an address with blanks'],
    ['run', 'a rate below one a minute'],
    ['lint', 'a key twice'],
  ];
  it.each(commands)(
    '%s with %s: exit 2, file and line, nothing started',
    { timeout: 30_000 },
    async (command, name) => {
      using workspace = new Workspace();
      const file = join(workspace.path, 'scenario.yaml');
      const [content, words] = nasty[name] ?? ['', ''];
      writeFileSync(file, content);
      mkdirSync(join(workspace.path, 'mesh'));
      writeFileSync(join(workspace.path, 'mesh/circuit-breaker.yaml'), readFileSync(meshConfiguration));
      const { code, stdout, stderr } = await workspace.breakwater(command, file);
      const said = stdout + stderr;
      expect(code, said).toBe(2);
      expect(said).toMatch(name.includes('bytes') ? /scenario\.yaml: / : /scenario\.yaml:\d+:\d+: /);
      expect(said).toContain(words.split('\n')[0]);
      expect(said).not.toMatch(/^\s+at /m);
      expect(said).not.toContain('bug');
      expect(readdirSync(workspace.path).sort()).toEqual(['mesh', 'scenario.yaml']);
    },
  );
});
