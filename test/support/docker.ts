import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { familiar } from '../../src/environments/kind/images.ts';
import { appBaseImage, k6Image, meshHub, meshTag, pilotImage } from '../air-gap/cache.ts';
import type { Workspace } from './breakwater.ts';

/** Settings with which labs take the images that test/air-gap/prepare.ts has made. */
const airGapped: Readonly<Record<string, string>> = {
  BREAKWATER_DOCKER_ISTIO_HUB: meshHub,
  BREAKWATER_DOCKER_ISTIO_TAG: meshTag,
  BREAKWATER_DOCKER_NODE_IMAGE: appBaseImage,
  BREAKWATER_DOCKER_K6_IMAGE: k6Image,
  BREAKWATER_DOCKER_IMAGES: 'pulled',
};

/** What `docker` prints. */
export const docker = (...args: readonly string[]) => spawnSync('docker', args, { encoding: 'utf8' });

/** Settings that the tests of labs in containers run with, or what is missing: the machine's own images, or the tests'. */
function dockerForTests(): { readonly env: Readonly<Record<string, string>> } | { readonly missing: string } {
  const there = docker('image', 'ls', '--quiet', familiar(pilotImage));
  if (there.error) return { missing: 'docker is not installed' };
  if (there.status !== 0) return { missing: 'docker does not run' };
  if (Object.keys(process.env).some((name) => name.startsWith('BREAKWATER_DOCKER_'))) return { env: {} };
  // Where none can be pulled and none was prepared, one is made of the programs that the other tests run anyway.
  return { env: there.stdout.trim() === '' ? { BREAKWATER_DOCKER_IMAGES: 'made' } : airGapped };
}

const found = dockerForTests();
if ('env' in found) Object.assign(process.env, found.env);

/** What this machine lacks for a lab in containers, as the end of a test's name; empty when it lacks nothing. */
export const missing = 'missing' in found ? ` (skipped: ${found.missing})` : '';
/** Longest that a run may take, with a lab of its own. */
export const containersMs = 300_000;

/** Everything that there is in Docker, one a line: containers, networks, volumes, images, whosever they are. */
export function inDocker(): string[] {
  return [
    docker('ps', '--all', '--no-trunc', '--format', 'container {{.ID}} {{.Names}}'),
    docker('network', 'ls', '--no-trunc', '--format', 'network {{.ID}} {{.Name}}'),
    docker('volume', 'ls', '--format', 'volume {{.Name}}'),
    docker('image', 'ls', '--all', '--no-trunc', '--format', 'image {{.ID}}'),
  ].flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
}

/** Everything that labs of a workspace have in Docker, as `docker` tells it, one a line. */
export function labsInDocker({ runs }: Pick<Workspace, 'runs'>): string[] {
  const label = ['--filter', `label=breakwater.runs=${runs}`];
  return [
    docker('ps', '--all', ...label, '--format', 'container {{.Names}}'),
    docker('network', 'ls', ...label, '--format', 'network {{.Name}}'),
    docker('volume', 'ls', ...label, '--format', 'volume {{.Name}}'),
  ].flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
}

/** What labs of a workspace still have in Docker when nothing is left, or time is up. */
export async function containersLeft(
  workspace: Pick<Workspace, 'runs'>,
  withinMs: number,
): Promise<string[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = labsInDocker(workspace);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(100);
  }
}
