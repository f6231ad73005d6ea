import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closing, examine } from './doctor.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-doctor-'));

beforeAll(() => {
  vi.stubEnv('BREAKWATER_CACHE', join(folder, 'cache'));
  vi.stubEnv('BREAKWATER_RUNS', join(folder, 'runs'));
  // Nobody is asked.
  vi.stubEnv('BREAKWATER_TOOLS_SOURCES', 'wheel,build');
  vi.stubEnv('BREAKWATER_KIND_DOCKER', join(folder, 'docker'));
  vi.stubEnv('BREAKWATER_KIND_PROGRAM', join(folder, 'kind'));
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['darwin', 'win32'] as const)(
  'on %s a cluster is what there is, with the fix',
  async (platform) => {
    const findings = await examine(platform);
    const of = (what: string) => findings.find((finding) => finding.what === what);
    expect(of('system')).toMatchObject({
      ok: false,
      needed: false,
      found: expect.stringContaining('the local lab does not'),
      fix: expect.stringContaining('--env kind'),
    });
    expect(of('loopback addresses')).toBeUndefined();
    expect(of('envoy')).toBeUndefined();
    expect(of('istioctl')).toMatchObject({ ok: false, needed: false });
    expect(of('Docker')).toMatchObject({
      ok: false,
      needed: true,
      fix: expect.stringContaining('docker.com'),
    });
    expect(of('kind')).toMatchObject({ ok: false, needed: true });
    expect(closing([], platform)).toContain('--env kind');
  },
);

test('on Linux nobody needs one', async () => {
  const findings = await examine('linux');
  const of = (what: string) => findings.find((finding) => finding.what === what);
  expect(of('system')).toBeUndefined();
  expect(of('Docker')).toMatchObject({ ok: false, needed: false });
  expect(of('envoy')).toMatchObject({ ok: false, found: expect.stringContaining('is missing') });
  expect(closing([], 'linux')).not.toContain('kind');
});
