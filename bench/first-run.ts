/**
 * The first run on a machine with nothing but Node: from `npm ci` in a fresh clone to the verdict of a scenario, with an
 * empty cache, an empty home, neither Go nor Python on the PATH, and the programs in images of the official layout at a
 * registry on loopback. What is not committed is not in it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findOnPath } from '../src/kit/executable.ts';
import type { Report } from '../src/report/model.ts';
import { serveRegistry } from '../src/toolchain/images/testing.ts';
import { officialImages, pinsOf } from '../test/support/official-images.ts';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'bw-first-run-'));
try {
  const clone = join(folder, 'clone');
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
  const bin = join(folder, 'bin');
  const home = join(folder, 'home');
  for (const path of [bin, home]) mkdirSync(path);
  for (const name of ['node', 'npm', 'npx', 'sh', 'env']) {
    const path = findOnPath([name], withoutOurs(process.env));
    if (path === undefined) throw new Error(`there is no ${name}`);
    symlinkSync(path, join(bin, name));
  }
  const content = await officialImages('gzip');
  await using registry = await serveRegistry(content, { access: 'token' });
  const pins = join(folder, 'images.txt');
  writeFileSync(pins, pinsOf(content));
  const env: NodeJS.ProcessEnv = {
    PATH: bin,
    HOME: home,
    NO_COLOR: '1',
    CI: '1',
    npm_config_cache: execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim(),
    npm_config_userconfig: execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' }).trim(),
    BREAKWATER_RUNS: join(folder, 'runs'),
    BREAKWATER_TOOLS_REGISTRY: registry.host,
    BREAKWATER_TOOLS_IMAGES: pins,
  };
  const npm = await timed(() => run('npm', ['ci'], clone, env));
  const args = ['breakwater', 'run', 'scenarios/circuit-breaker.yaml', '--json', '--quiet'];
  const command = await timed(() => run('npx', args, clone, env));
  const report: Report = JSON.parse(command.result);
  const { wallMs, overheadMs } = report.timing;
  const loadMs = wallMs - overheadMs;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  console.log(`the first run, from npm ci to the verdict (${report.verdict})`);
  console.log(`  npm ci             ${seconds(npm.ms)}`);
  console.log(`  load               ${seconds(loadMs)}`);
  console.log(`  all the rest       ${seconds(command.ms - loadMs)} (aim: 8)`);
  console.log(`  together           ${seconds(npm.ms + command.ms)} (aim: 60)`);
  console.log(
    `  left in the home   ${readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(isTop).join(', ')}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Two levels say whose it is. */
function isTop(path: string): boolean {
  return path.split('/').length === 2;
}

/** Programs of the machine, and not those that a script of this package finds. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = env['PATH']?.split(':').filter((entry) => !entry.includes('node_modules'));
  return { ...env, PATH: path?.join(':') };
}

async function timed<T>(act: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const startedAt = performance.now();
  const result = await act();
  return { result, ms: performance.now() - startedAt };
}

/** What a command prints; it ends with an error of ours where a report is no pass. */
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise((done) => child.once('close', done));
  return output;
}
