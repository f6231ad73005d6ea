/** Before the tests: the programs they run, and a browser where one can be installed. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createProgress } from '../../src/kit/terminal.ts';
import { fetchPrograms } from '../../src/toolchain/fetch.ts';
import { programsOf } from '../../src/toolchain/index.ts';

const progress = createProgress(process.stderr, false);
const started = performance.now();
const { signal } = new AbortController();
for (const mesh of [{ name: 'istio' }, { name: 'consul' }]) {
  await fetchPrograms(programsOf(mesh, process.env), progress, signal, mesh);
}
progress.done();
console.log(`programs ready after ${Math.round((performance.now() - started) / 1_000)} s`);

const chromium = process.env['BREAKWATER_CHROMIUM'] ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  const debian = existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (debian) {
    console.log('installing Chromium for the report tests');
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env: environment });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      stdio: 'ignore',
      env: environment,
    });
  }
  if (!existsSync(chromium)) {
    console.log(
      `no Chromium at ${chromium}: the report tests in a browser will say so and skip (set BREAKWATER_CHROMIUM)`,
    );
  }
}
