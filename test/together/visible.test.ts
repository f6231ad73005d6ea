import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

const evil = '\u001b[2J\n::error::forged\u009b\u202e';
const circuitBreaker = readFileSync(join(root, 'scenarios/circuit-breaker.yaml'), 'utf8').replace(
  'mesh/circuit-breaker.yaml',
  join(root, 'scenarios/mesh/circuit-breaker.yaml'),
);
/** In YAML such characters can be written only so. */
const text = JSON.stringify(evil).replace('\u009b', String.raw`\u009b`);

/** Texts of others by where they stand → the arguments of a command that shows them, and its exit code. */
interface Shown {
  readonly args: readonly string[];
  readonly code: number;
  readonly env?: NodeJS.ProcessEnv;
}

const shown: Record<string, (folder: string) => Shown> = {
  'a field of mesh configuration': (folder) => {
    const file = join(folder, 'mesh.yaml');
    const spec = `{host: x, ${text}: 1, trafficPolicy: {loadBalancer: {simple: ${text}}}}`;
    writeFileSync(
      file,
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: ${spec}\n`,
    );
    return { args: ['lint', file], code: 2 };
  },
  'the name of a file': (folder) => {
    const file = join(folder, `${evil.replaceAll('/', '')}.yaml`);
    writeFileSync(file, 'apiVersion: networking.istio.io/v1\nkind: Rule\n');
    return { args: ['lint', file], code: 2 };
  },
  'the name of a file that a CI takes for a command': () => ({
    args: ['lint', '::error::forged'],
    code: 2,
  }),
  'a description and the name of a check': (folder) => {
    const file = join(folder, 'scenario.yaml');
    const named = circuitBreaker
      .replace(/^description: .*(\n .*)*/m, `description: ${text}`)
      .replace(/- kind: success-rate/, `- name: ${text}\n    kind: success-rate`);
    writeFileSync(file, named);
    return { args: ['plan', file], code: 0 };
  },
  'a change from the command line': () => ({
    args: ['plan', 'scenarios/circuit-breaker.yaml', '--set', `load.${evil}=${evil}`],
    code: 2,
  }),
  'a profile': () => ({ args: ['run', 'scenarios/circuit-breaker.yaml', '--profile', evil], code: 2 }),
  'an option': () => ({ args: ['lint', `--${evil}`], code: 2 }),
  'a program of one’s own, to doctor': () => ({
    args: ['doctor'],
    code: 4,
    env: { BREAKWATER_K6: `/${evil}` },
  }),
  'the same to doctor, as JSON': () => ({
    args: ['doctor', '--json'],
    code: 4,
    env: { BREAKWATER_K6: `/${evil}` },
  }),
  'a program of one’s own, in a list': () => ({
    args: ['tools', 'list'],
    code: 0,
    env: { BREAKWATER_K6: `/${evil}` },
  }),
  'a report': (folder) => {
    const report = JSON.parse(readFileSync(join(root, 'reports/example/report.json'), 'utf8'));
    const wrapped = 'word '.repeat(15);
    writeFileSync(
      join(folder, 'report.json'),
      JSON.stringify({ ...report, summary: `${wrapped}${evil}`, notes: [`${wrapped}::error::forged`] }),
    );
    return { args: ['report', folder], code: 0 };
  },
  'a report as JSON': (folder) => {
    const report = JSON.parse(readFileSync(join(root, 'reports/example/report.json'), 'utf8'));
    writeFileSync(join(folder, 'report.json'), JSON.stringify({ ...report, summary: evil }));
    return { args: ['report', folder, '--format', 'json'], code: 0 };
  },
  'a folder for reports': () => ({
    args: ['report', `nowhere${evil}`],
    code: 2,
  }),
};

test.each(Object.entries(shown))('%s has no line of its own, and no escapes', async (_, prepare) => {
  using workspace = new Workspace();
  const { args, code, env = {} } = prepare(workspace.path);
  const child = spawn(process.execPath, ['bin/breakwater.js', ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const finished = await workspace.finish(child);
  const said = finished.stdout + finished.stderr;
  expect(finished.code, said).toBe(code);
  expect(said).toContain('forged');
  expect(said).not.toMatch(/^\s*::/m);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});
