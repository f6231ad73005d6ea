import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { containersMs, docker, missing } from '../support/docker.ts';
import { startRegistry } from '../support/registry.ts';

const images = ['REGISTRY', 'ISTIO_HUB', 'ISTIO_TAG', 'NODE_IMAGE', 'K6_IMAGE', 'IMAGES'] as const;

describe.skipIf(missing !== '')(`images of labs${missing}`, () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const setImages = (settings: Partial<Record<(typeof images)[number], string>>) => {
    for (const name of images) vi.stubEnv(`BREAKWATER_DOCKER_${name}`, settings[name] ?? '');
  };

  test('they are made of the programs of this machine where none is to be pulled', {
    timeout: 2 * containersMs,
  }, async () => {
    using workspace = new Workspace();
    setImages({ IMAGES: 'made' });
    const finished = await workspace.run('scenarios/header-routing.yaml', '--env', 'docker');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(finished.report?.run.programs['sidecar']).toMatch(/^breakwater\/lab:[0-9a-f]{12}$/);
  });

  test('they come from a registry of one’s own that wants a login, under its names', {
    timeout: 2 * containersMs,
  }, async () => {
    using workspace = new Workspace();
    await using registry = await startRegistry(workspace.path);
    setImages({ REGISTRY: registry.name, IMAGES: 'pulled' });
    const nobody = join(workspace.path, 'nobody');
    mkdirSync(nobody);
    writeFileSync(join(nobody, 'config.json'), '{}');
    vi.stubEnv('DOCKER_CONFIG', nobody);
    const stranger = await workspace.run('scenarios/header-routing.yaml', '--env', 'docker');
    expect(stranger.code, outcome(stranger)).toBe(4);
    expect(stranger.stderr).toContain(`docker login ${registry.name}`);
    expect(stranger.stderr).toContain('BREAKWATER_DOCKER_REGISTRY');

    vi.stubEnv('DOCKER_CONFIG', registry.dockerConfig);
    const finished = await workspace.run('scenarios/header-routing.yaml', '--env', 'docker');
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(await registry.given()).toEqual(['grafana/k6', 'istio/pilot', 'istio/proxyv2', 'library/node']);
  });

  test('nothing of a lab is published beyond loopback', { timeout: containersMs }, async () => {
    using workspace = new Workspace();
    const up = await workspace.breakwater('lab', 'up', 'header-routing', '--env', 'docker');
    expect(up.code, up.stderr).toBe(0);
    const ports = docker('ps', '--filter', 'label=breakwater.run', '--format', '{{.Ports}}').stdout;
    expect(ports).toMatch(/127\.0\.0\.1:\d+->15000\/tcp/);
    for (const [, host] of ports.matchAll(/(\S+):\d+->/g)) expect(host).toBe('127.0.0.1');
    const down = await workspace.breakwater('lab', 'down');
    expect(down.code, down.stderr).toBe(0);
    expect(docker('ps', '--all', '--quiet', '--filter', 'label=breakwater.run').stdout).toBe('');
  });
});
