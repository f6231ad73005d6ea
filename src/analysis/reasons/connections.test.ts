import { expect, test } from 'vitest';
import { type BuiltRequest, buildEvidence } from '../../evidence/testing/build-evidence.ts';
import { recording } from '../../meshes/istio/effective/testing/recordings.ts';
import { istio } from '../../meshes/istio/index.ts';
import { settingsBehind } from '../../report/words.ts';
import { analyse } from '../analyse.ts';
import { outage, outagePlan, planned } from '../testing/outage.ts';

/** Under every tenth request the app closes its connection, which its sidecar answers with 503. */
const closedUnder = (request: BuiltRequest, index: number): BuiltRequest => {
  if (index % 10 !== 3) return request;
  const details = 'upstream_reset_before_response_started{connection_termination}';
  const attempts = request.attempts.map((each) => ({ ...each, status: 503, flags: 'UC', details }));
  return { ...request, status: 503, attempts };
};

/** A run of `outagePlan()` on sidecars as recorded, with apps that keep idle connections for five seconds. */
async function analysed(name: string, ...checks: readonly object[]) {
  const { topology, answers, resources } = recording(name);
  const instances = topology.instances.map((each) =>
    each.app === undefined ? each : { ...each, app: { ...each.app, keepAliveMs: 5_000 } },
  );
  const run = outage({ shows: 'nothing', change: closedUnder });
  await using built = await buildEvidence({ ...run, effective: answers });
  const { trial } = outagePlan(checks.map((check) => planned(check)));
  return await analyse({
    trial,
    topology: { ...topology, instances },
    directory: built.directory,
    mesh: istio,
    resources,
  });
}

test('idle connections are blamed for what an app closed, but not while a fault is on at it', async () => {
  const { errors, checks } = await analysed('no-retries', {
    kind: 'error-count',
    during: 'steady',
    atMost: 0,
  });
  const steady = errors.filter(({ byWindow }) => (byWindow['steady'] ?? 0) > 0);
  const during = errors.filter(({ byWindow }) => (byWindow['fault'] ?? 0) > 0);
  expect(new Set(steady.map(({ flag }) => flag))).toEqual(new Set(['UC']));
  for (const { cause, setting } of steady) {
    expect(cause).toMatch(/closes one on which nothing has come for 5 s, and its sidecar keeps it for 1 h/);
    expect(setting).toBe('idleTimeout: 1 h (default of Envoy)');
  }
  for (const { cause } of during) expect(cause).toMatch(/^The app of .* before it had answered\.$/);
  expect(during.length).toBeGreaterThan(0);
  const [lost] = checks;
  expect(settingsBehind(lost?.reason ?? {})).toContainEqual({
    setting: 'VirtualService/edge-app spec.http[0].retries.attempts: 0',
    source: 'mesh.yaml:7',
  });
});

test('a check on connections that does not hold names what closes them', async () => {
  const { checks } = await analysed('two-idle-times', {
    kind: 'connections',
    during: 'steady',
    atMost: 0.05,
  });
  expect(checks[0]).toMatchObject({
    status: 'fail',
    observed: '0.1',
    reason: {
      text: expect.stringMatching(/after 1 request, and one on which nothing comes for 45 s\.$/),
      source: 'mesh.yaml:9',
    },
  });
});
