import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { versions } from '../../src/environments/kind/versions.ts';

/** Where what takes long to make stays for the next time. */
const cache = process.env['BREAKWATER_TEST_KIND'] ?? join(homedir(), '.cache/breakwater-test-kind');
export const files = join(import.meta.dirname, 'files');
export const folder = (name: string) => {
  const path = join(cache, name);
  mkdirSync(path, { recursive: true });
  return path;
};
export const binary = (name: string) => join(folder('bin'), name);

/** What kubeadm of this Kubernetes wants beside it (`kubeadm config images list`), and a registry. */
export const pins = {
  kubernetes: versions.kubernetes,
  kind: versions.kind,
  etcd: 'v3.6.8',
  coredns: 'v1.14.2',
  pause: '3.10.2',
  crictl: 'v1.36.0',
  registry: 'v3.0.0',
} as const;

/** With the images of the runs in it: they need not be brought to every node of every cluster. */
export const nodeImage = `breakwater-test/lab-node:${pins.kubernetes}`;
export const baseImage = 'breakwater-test/base:1';
export const appBaseImage = 'breakwater-test/node-runtime:1';
export const k6Image = 'breakwater-test/k6:1';
export const meshHub = 'docker.io/breakwater-test';
export const meshTag = '1';
export const pilotImage = `${meshHub}/pilot:${meshTag}`;
export const proxyImage = `${meshHub}/proxyv2:${meshTag}`;
export const consulImage = `${meshHub}/consul:${meshTag}`;

/** Quiet, nice, and with the caches of this machine. */
export const sh = $({
  quiet: true,
  env: { ...process.env, DOCKER_BUILDKIT: '0', CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=mod' },
});

export const hasImage = async (image: string) =>
  (await sh`docker image ls --quiet ${image}`).stdout.trim() !== '';

/** Says a step and how long it took. */
export async function step(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  console.log(`${what}: ${Math.round((performance.now() - started) / 1_000)} s`);
}

export async function moduleFolder(module: string): Promise<string> {
  const said = await $({
    quiet: true,
    cwd: '/',
    env: { ...process.env, GOFLAGS: '' },
  })`go mod download -json ${module}`;
  return JSON.parse(said.stdout).Dir;
}
