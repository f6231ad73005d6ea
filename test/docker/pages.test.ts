import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { dockerSettings } from '../../src/environments/docker/settings.ts';
import { http } from '../../src/kit/http.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { containersLeft, containersMs, docker, labsInDocker, missing } from '../support/docker.ts';
import { runContainerExample } from '../support/library.ts';
import { commandsOn } from '../support/pages.ts';

describe.skipIf(missing !== '')(`what the pages on containers say${missing}`, () => {
  const commands = missing === '' ? commandsOn('docker.md') : [];
  const commandOf = (name: string) => commands.find(([command]) => command === name) ?? [];

  test('there is a test for each of their commands', () => {
    expect(commands.map(([command]) => command)).toEqual(['run', 'lab', 'doctor', 'cleanup']);
  });

  test('the scenario of the page passes', { timeout: containersMs }, async () => {
    using workspace = new Workspace();
    const [, ...args] = commandOf('run');
    const finished = await workspace.run(...args, '--profile', 'short');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(await containersLeft(workspace, 0)).toEqual([]);
  });

  test('a lab says how to call a service as the client does, doctor which daemon it uses, and cleanup leaves it alone', {
    timeout: containersMs,
  }, async () => {
    using workspace = new Workspace();
    const up = await workspace.breakwater(...commandOf('lab'));
    expect(up.code, up.stderr).toBe(0);
    const url = /curl (http:\/\/127\.0\.0\.1:\d+\/\S+)/.exec(up.stdout)?.[1] ?? '';
    expect(await http(url, { timeoutMs: 5_000 })).toMatchObject({ status: 200 });
    const doctor = await workspace.breakwater(...commandOf('doctor'));
    expect(`${doctor.stdout}${doctor.stderr}`).toMatch(/Docker.*(unix|tcp|npipe):\/\//);
    const there = labsInDocker(workspace);
    const cleanup = await workspace.breakwater(...commandOf('cleanup'));
    expect(cleanup.code, cleanup.stderr).toBe(0);
    expect(labsInDocker(workspace)).toEqual(there);
    const down = await workspace.breakwater('lab', 'down');
    expect(down.code, down.stderr).toBe(0);
    expect(await containersLeft(workspace, 0)).toEqual([]);
  });

  test('an app of one’s own that knows nothing of a mesh is behind its sidecar', {
    timeout: containersMs,
  }, async () => {
    using workspace = new Workspace();
    // Its own images are not those of testcontainers, which has to pull them.
    vi.stubEnv('TESTCONTAINERS_RYUK_DISABLED', 'true');
    const image = 'breakwater-test/my-shop:1';
    buildShop(workspace, image);
    const { code, stdout, stderr } = await runContainerExample(workspace, image);
    docker('image', 'rm', '--force', image);
    vi.unstubAllEnvs();
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    expect(await containersLeft(workspace, 0)).toEqual([]);
    expect(docker('ps', '--all', '--quiet', '--filter', `ancestor=${image}`).stdout).toBe('');
  });
});

/** An app that opens once it has been answered through a sidecar, by Envoy's own header. */
function buildShop(workspace: Workspace, image: string): void {
  const app = `const answer = await fetch(process.env.EDGE);
    if (answer.ok && answer.headers.has('x-envoy-upstream-service-time')) console.log('the shop is open');
    setInterval(() => {}, 1_000);`;
  const folder = join(workspace.path, 'my-shop');
  mkdirSync(folder);
  writeFileSync(join(folder, 'shop.mjs'), app);
  const command = JSON.stringify(['node', '/shop.mjs']);
  const text = `FROM ${nodeImage()}\nCOPY shop.mjs /shop.mjs\nENTRYPOINT []\nCMD ${command}\n`;
  writeFileSync(join(folder, 'Dockerfile'), text);
  const built = docker('build', '--quiet', '--tag', image, folder);
  expect(built.status, built.stderr).toBe(0);
}

/** What labs run apps in: as the settings say, or one that was made. */
function nodeImage(): string {
  const { images, node } = dockerSettings(process.env);
  if (images !== 'made') return node;
  const made = docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'breakwater/lab');
  return made.stdout.split('\n')[0] ?? '';
}
