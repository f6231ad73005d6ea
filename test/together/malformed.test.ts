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
const [example = ''] = contents;
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

type Holder = Record<string | number, unknown>;

/** Every place in a scenario that holds a value, profiles and free-form names left out. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) =>
    key === 'profiles' || key === 'labels' || key === 'headers' ? [] : places(each, [...path, key]),
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

const nasty: Record<string, string | Buffer> = {
  'an empty file': '',
  'only a comment': '# nothing yet\n',
  'only ---': '---\n---\n',
  'plain text': 'hello',
  'a list': '- a\n- b\n',
  'a number': '42',
  null: 'null\n',
  'an unfinished list': `${example}\nextra: [1, 2`,
  'an unfinished quote': 'name: "x\n',
  'a tab for indentation': replaced('  from:', '\tfrom:'),
  'a key twice': replaced('  from:', '  to: edge-app\n  from:'),
  'a second document': `${example}\n---\n${example}`,
  'a Kubernetes resource': 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\n',
  'bytes that are not text': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3, 0xff, 0xfe]),
  'Latin-1': Buffer.concat([Buffer.from('name: '), Buffer.from([0xe9, 0xe8]), Buffer.from('\n')]),
  'UTF-16': Buffer.from(`\ufeff${example}`, 'utf16le'),
  'a NUL character': 'name: a\0b\n',
  '2 MB': `# ${'x'.repeat(2 * 1024 * 1024)}\n${example}`,
  'brackets without end': '['.repeat(500_000),
  'maps without end': '{a: '.repeat(5_000),
  'dashes without end': '- '.repeat(5_000),
  'levels without end': Array.from({ length: 400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  'a bomb of aliases': `a: &a [${'x,'.repeat(9)}x]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(10)}x]`)
    .join('\n')}\n`,
  'thousands of aliases': `a: &a x\nb: [${'*a, '.repeat(5_000)}x]\n`,
  'an alias of itself': 'name: &a [*a]\n',
  'an alias of nothing': 'name: *nobody\n',
  'a merge of text': 'name: x\n<<: text\n',
  'a tag': 'name: !!js/function "function () {}"\n',
  'a binary': 'name: !!binary aGVsbG8=\n',
  'a field __proto__': replaced('load:', '__proto__: {polluted: true}\nload:'),
  'constructor as a field': replaced('load:', 'constructor: {prototype: {polluted: true}}\nload:'),
  'a key that is a list': '? [a, b]\n: c\n',
  'fifty thousand unknown fields': `${example}\n${Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')}`,
  'a rate of infinity': replaced(/rate: .*/, 'rate: .inf'),
  'a rate without a unit': replaced(/rate: .*/, 'rate: 300'),
  'a rate of nothing': replaced(/rate: .*/, 'rate: 0/s'),
  'a rate beyond reason': replaced(/rate: .*/, 'rate: 99999999999/s'),
  'a negative duration': replaced(/duration: .*/, 'duration: -5s'),
  'a duration of years': replaced(/duration: .*/, 'duration: 99999999999h'),
  'a share above all': replaced(/atLeast: 99.9%/, 'atLeast: 250%'),
  'a fault before the load': replaced(/ {4}at: .*/, '    at: 0s'),
  'a fault after the load': replaced(/ {4}at: .*/, '    at: 500s'),
  'a fault that never ends': replaced(/ {4}for: .*/, '    for: .inf'),
  'a fault on nobody': replaced(/ {6}service: edge-app/, '      service: nobody'),
  'a fault on the client': replaced(/ {6}service: edge-app/, '      service: frontend'),
  'a check on no fault': replaced('during: fault', 'during: fault\n    fault: nobody'),
  'a path that leads nowhere': replaced('mesh/circuit-breaker.yaml', 'nowhere/at-all.yaml'),
  'a path with a NUL': replaced('- mesh/circuit-breaker.yaml', '- "a\\0b"'),
  'a device for mesh configuration': replaced('mesh/circuit-breaker.yaml', '/dev/zero'),
  'no checks': replaced(/checks:[\s\S]*/, 'checks: []\n'),
  'a million replicas': replaced('replicas: 2', 'replicas: 1000000'),
  'a name with a line break': replaced(/^name: .*/m, 'name: "a\\nb"'),
  'a shell in a name': replaced(/^name: .*/m, 'name: "$(touch /tmp/x)"'),
  'a path in a name': replaced(/^name: .*/m, 'name: ../../x'),
};

const cases: [string, string | Buffer][] = [...Object.entries(nasty), ...mutated(120)];

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
  it.each(cases)('%s', { timeout: 20_000 }, async (name, content) => {
    const file = join(directory, 'scenario.yaml');
    // The configuration under test is looked at only when none is named on the command line.
    const own = name.includes('path') || name.includes('mesh configuration');
    writeFileSync(file, content);
    const error = own
      ? await loadScenario(file, { set: [], config: [] }).catch((thrown) => thrown)
      : await failure(file);
    expectClear(error, file);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('a byte order mark and CRLF are not malformed', async () => {
    const file = join(directory, 'windows.yaml');
    writeFileSync(file, `\ufeff${example.replaceAll('\n', '\r\n')}`);
    const loaded = await loadScenario(file, { set: [], config: [meshConfiguration] });
    expect(planScenario(loaded).checks.length).toBeGreaterThan(0);
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
    ['lint', 'a key twice'],
  ];
  it.each(commands)(
    '%s with %s: exit 2, file and line, nothing started',
    { timeout: 30_000 },
    async (command, name) => {
      using workspace = new Workspace();
      const file = join(workspace.path, 'scenario.yaml');
      writeFileSync(file, nasty[name] ?? '');
      mkdirSync(join(workspace.path, 'mesh'));
      writeFileSync(join(workspace.path, 'mesh/circuit-breaker.yaml'), readFileSync(meshConfiguration));
      const { code, stdout, stderr } = await workspace.breakwater(command, file);
      const said = stdout + stderr;
      expect(code, said).toBe(2);
      expect(said).toMatch(name.includes('bytes') ? /scenario\.yaml: / : /scenario\.yaml:\d+:\d+: /);
      expect(said).not.toMatch(/^\s+at /m);
      expect(said).not.toContain('bug');
      expect(readdirSync(workspace.path).sort()).toEqual(['mesh', 'scenario.yaml']);
    },
  );
});
