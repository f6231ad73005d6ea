import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  appBaseImage,
  binary,
  consulImage,
  k6Image,
  meshHub,
  meshTag,
  nodeImage,
  proxyImage,
} from './cache.ts';

/** Settings for a cluster of images that test/air-gap/prepare.ts has made. */
export const airGapped: Readonly<Record<string, string>> = {
  BREAKWATER_KIND_PROGRAM: binary('kind'),
  BREAKWATER_KIND_NODE_IMAGE: nodeImage,
  BREAKWATER_KIND_ISTIO_HUB: meshHub,
  BREAKWATER_KIND_ISTIO_TAG: meshTag,
  BREAKWATER_KIND_STOCK_ENVOY: '1',
  BREAKWATER_KIND_CONSUL_IMAGE: consulImage,
  // The Envoy in it is the one that goes with Consul as well.
  BREAKWATER_KIND_ENVOY_IMAGE: proxyImage,
  BREAKWATER_KIND_APP_BASE: appBaseImage,
  BREAKWATER_KIND_K6_IMAGE: k6Image,
  DOCKER_BUILDKIT: '0',
};

/** Why this machine can have no such cluster; undefined when it can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'the images are made on Linux';
  if (process.getuid?.() !== 0) return 'debootstrap and dockerd need root';
  if (!existsSync('/usr/bin/apt-get')) return 'the images are made of Debian packages';
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.status !== 0) return 'Go is not installed';
  return undefined;
}

/** Settings that the kind tests run with, or what is missing: the machine's own, or those of test/kind. */
export function kindForTests():
  | { readonly env: Readonly<Record<string, string>> }
  | { readonly missing: string } {
  const docker = spawnSync('docker', ['image', 'ls', '--quiet', nodeImage], { encoding: 'utf8' });
  if (docker.error) return { missing: 'docker is not installed' };
  if (docker.status !== 0) return { missing: 'docker does not run' };
  if (process.env['BREAKWATER_KIND_NODE_IMAGE']) return { env: {} };
  if (docker.stdout.trim() !== '' && existsSync(binary('kind'))) return { env: airGapped };
  return { missing: `there is no ${nodeImage}: node test/air-gap/prepare.ts makes it` };
}
