import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('an empty cache lists every program as missing', async () => {
  await using cache = await emptyCache();
  const { code, stdout } = await breakwater(cache, ['tools', 'list', '--json']).ended;
  expect(code).toBe(0);
  expect(
    JSON.parse(stdout).map(({ program, state }: Record<string, string>) => `${program} ${state}`),
  ).toEqual(
    ['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl', 'toxiproxy'].map((program) => `${program} missing`),
  );
});

test('an unknown program is a usage error that names the known ones', async () => {
  await using cache = await emptyCache();
  const { code, stderr } = await breakwater(cache, ['tools', 'fetch', 'envoi']).ended;
  expect(code).toBe(2);
  expect(stderr).toContain('envoy, k6, istiod, pilot-agent, istioctl, toxiproxy');
});

test('without Go, fetching k6 is an environment error that says what to install', async () => {
  await using cache = await emptyCache();
  const { code, stderr } = await breakwater(cache, ['tools', 'fetch', 'k6'], {
    PATH: '',
    BREAKWATER_TOOLS_SOURCES: 'build',
  }).ended;
  expect(code).toBe(4);
  expect(stderr).toContain('https://go.dev/dl');
  expect(stderr).toContain('BREAKWATER_K6');
});

test('Ctrl-C in the middle of a build leaves nothing behind', async () => {
  await using cache = await emptyCache();
  const run = breakwater(cache, ['tools', 'fetch', 'k6'], {
    GOCACHE: join(cache.path, 'cold'),
    BREAKWATER_TOOLS_SOURCES: 'build',
  });
  await expect.poll(run.stderr, { timeout: 150_000 }).toContain('k6: building');
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
  expect(await readdir(join(cache.path, 'tools'))).toEqual([]);
});

async function emptyCache(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'breakwater-tools-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

function breakwater(cache: { readonly path: string }, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const cli = join(import.meta.dirname, '../../src/cli.ts');
  const child: ChildProcess = spawn(process.execPath, [cli, ...args], {
    env: { ...withoutOwnPrograms(), BREAKWATER_CACHE: cache.path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, stderr: () => stderr };
}

function withoutOwnPrograms(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BREAKWATER_')));
}
