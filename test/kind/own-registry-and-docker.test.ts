import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { airGapped } from '../air-gap/settings.ts';
import { outcome, Workspace } from '../support/breakwater.ts';
import { clusterMs, clusters, missing } from '../support/kind.ts';
import { startRegistry } from '../support/registry.ts';

describe.skipIf(missing !== '')(`a registry and a docker of one’s own${missing}`, () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('all images come from a registry of one’s own that wants a login, under its names', {
    timeout: 2 * clusterMs,
  }, async () => {
    using workspace = new Workspace();
    await using registry = await startRegistry(workspace.path);
    for (const name of Object.keys(airGapped)) {
      // What its Envoy is, no registry tells.
      if (!/PROGRAM|STOCK_ENVOY|BUILDKIT/.test(name)) vi.stubEnv(name, '');
    }
    vi.stubEnv('BREAKWATER_KIND_REGISTRY', registry.name);
    vi.stubEnv('BREAKWATER_KIND_CONFIG', registry.configuration);
    const stranger = await workspace.run('scenarios/outlier-ejection.yaml', '--env', 'kind');
    expect(stranger.code, outcome(stranger)).toBe(4);
    expect(stranger.stderr).toContain(`docker login ${registry.name}`);

    vi.stubEnv('DOCKER_CONFIG', registry.dockerConfig);
    const finished = await workspace.run('scenarios/outlier-ejection.yaml', '--env', 'kind');
    expect(finished.report?.faults[0]?.efficacy.status, outcome(finished)).toBe('proven');
    expect(await registry.given()).toEqual([
      'grafana/k6',
      'istio/pilot',
      'istio/proxyv2',
      'kindest/node',
      'library/node',
    ]);
    expect(finished.stderr).not.toMatch(/loading .*(k6|pilot|proxyv2)/);
    expect(clusters().filter((name) => name.includes('-run-'))).toEqual([]);
  });

  test('a docker of one’s own is the one that kind calls; what it refuses to remove is said and not forgotten', {
    timeout: clusterMs,
  }, async () => {
    using workspace = new Workspace();
    const [docker, refusing, calls] = ['docker.sh', 'refusing', 'calls'].map((name) =>
      join(workspace.path, name),
    ) as [string, string, string];
    const script = [
      '#!/bin/sh',
      `echo "$*" >> ${calls}`,
      `if [ "$1" = rm ] && [ -e ${refusing} ]; then echo "the daemon is on strike" >&2; exit 1; fi`,
      'exec docker "$@"',
    ];
    writeFileSync(docker, script.join('\n'), { mode: 0o755 });
    writeFileSync(refusing, '');
    vi.stubEnv('BREAKWATER_KIND_DOCKER', docker);
    const up = await workspace.breakwater('lab', 'up', '--env', 'kind');
    expect(up.code, up.stderr).toBe(0);
    expect(
      readFileSync(calls, 'utf8')
        .split('\n')
        .some((call) => /^run .*--name breakwater-run-/.test(call)),
    ).toBe(true);
    const cluster = clusters()[0]?.replace(/-(control-plane|worker\d*)$/, '') ?? '';

    const down = await workspace.breakwater('lab', 'down');
    expect(down.code, down.stdout).toBe(4);
    expect(down.stderr).toContain(`its cluster ${cluster} is still there`);
    const failed = await workspace.breakwater('cleanup');
    expect(failed.code, failed.stdout).toBe(4);
    expect(failed.stderr).toContain('the daemon is on strike');
    const status = await workspace.breakwater('lab', 'status');
    expect(status.stderr).toMatch(/Crashed, and left something behind: lab-\S+; npx breakwater cleanup/);

    rmSync(refusing);
    const cleaned = await workspace.breakwater('cleanup');
    expect(cleaned.stdout).toMatch(/removed lab-.*cluster breakwater-run-/);
    expect(clusters()).toEqual([]);
  });
});
