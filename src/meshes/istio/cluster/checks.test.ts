import { expect, test } from 'vitest';
import { foundByAnalyze, otherVersions, outOfSync, runningVersions } from './checks.ts';

// All output here is that of istioctl 1.29.1 against a cluster, with fewer pods; for STALE a sidecar was stopped.
// IST0102, NOT SENT, and other ages and versions are written in, in the words of its source.
const status = (age: string, state = 'SYNCED') =>
  `NAME                                       CLUSTER        CDS             ECDS        EDS             LDS             RDS             ISTIOD                      VERSION
edge-app-east-7bc65977bc-6kpgp.default     Kubernetes     ${state} (${age})      IGNORED     ${state} (${age})      ${state} (${age})      ${state} (${age})      istiod-68566665bb-2cxwf     1.29.1
edge-app-east-7bc65977bc-6nphv.default     Kubernetes     SYNCED (0s)     IGNORED     SYNCED (0s)     SYNCED (0s)     SYNCED (0s)     istiod-68566665bb-2cxwf     1.29.1
`;

test('proxy-status: in sync is who has taken what was sent since', () => {
  expect(outOfSync(status('0s'), 0.2)).toEqual([]);
  expect(outOfSync(status('3s'), 2.1)).toEqual([]);
  expect(outOfSync(status('0s', 'STALE'), 10)).toEqual([
    'edge-app-east-7bc65977bc-6kpgp.default: CDS STALE (0s), EDS STALE (0s), LDS STALE (0s), RDS STALE (0s)',
  ]);
  expect(outOfSync(status('10m'), 30)).toEqual([
    'edge-app-east-7bc65977bc-6kpgp.default: CDS was last sent 10m ago, LDS was last sent 10m ago',
  ]);
  expect(outOfSync(status('2m5s'), 130)).toEqual([]);
});

test('proxy-status: a name is no state, routes that were never sent are none, and another table is told', () => {
  const named = status('0s')
    .replaceAll('edge-app-east', 'error-app')
    .replace(/SYNCED \(0s\)(?= {5}istiod)/, 'NOT SENT');
  expect(named).toContain('NOT SENT');
  expect(outOfSync(named, 1)).toEqual([]);
  expect(outOfSync(status('0s').replace('SYNCED (0s)', 'NOT SENT'), 1)).toHaveLength(1);
  expect(
    outOfSync('NAME     CLUSTER     CDS     ECDS     EDS     LDS     RDS     ISTIOD     VERSION\n', 1),
  ).toEqual(['no sidecar is connected to istiod']);
  expect(outOfSync('NAME     CLUSTER     ISTIOD     VERSION     SUBSCRIBED TYPES\n', 1)).toEqual([
    'it does not tell what is in sync: NAME CLUSTER ISTIOD VERSION SUBSCRIBED TYPES',
  ]);
});

test('analyze: one line each error, and only errors count', () => {
  const output = `[
	{
		"code": "IST0101",
		"documentationUrl": "https://istio.io/v1.29/docs/reference/config/analysis/ist0101/?ref=istioctl-analyze",
		"level": "Error",
		"message": "Referenced host not found: \\"no-such-service\\"",
		"origin": "VirtualService default/h5-bad"
	},
	{
		"code": "IST0102",
		"level": "Info",
		"message": "The namespace is not enabled for Istio injection. Run 'kubectl label namespace default istio-injection=enabled' to enable it, or 'kubectl label namespace default istio-injection=disabled' to explicitly mark it as not needing injection.",
		"origin": "Namespace default"
	}
]
`;
  expect(foundByAnalyze(output)).toEqual([
    'IST0101 VirtualService default/h5-bad: Referenced host not found: "no-such-service"',
  ]);
  expect(foundByAnalyze('[]\n')).toEqual([]);
  expect(foundByAnalyze('')).toEqual(['it printed no list of findings: ']);
});

const versions = (istiod: string, sidecar: string) => `{
  "clientVersion": {
    "version": "1.29.1",
    "revision": "unknown",
    "golang_version": "go1.26.8",
    "status": "Clean",
    "tag": "unknown"
  },
  "meshVersion": [
    {
      "Component": "pilot",
      "Revision": "default",
      "Info": {
        "version": "${istiod}",
        "revision": "unknown",
        "golang_version": "",
        "status": "Clean",
        "tag": "${istiod}"
      }
    }
  ],
  "dataPlaneVersion": [
    {
      "ID": "test-1.default",
      "IstioVersion": "65536.65536.65536",
      "Type": "sidecar"
    },
    {
      "ID": "frontend-86d4b44c6d-kzzkw.default",
      "IstioVersion": "${sidecar}",
      "Type": "sidecar"
    }
  ]
}
`;

test('version: istiod is of the minor version that was asked for, and the sidecars are as istiod', () => {
  expect(otherVersions(versions('1.29.1', '1.29.1'), 'default', '1.29.1')).toEqual([]);
  expect(otherVersions(versions('1.29.3', '1.29.3'), 'default', '1.29.1')).toEqual([]);
  expect(otherVersions(versions('1.28.0', '1.28.0'), 'default', '1.29.1')).toEqual([
    'istiod is 1.28.0, and this run is for Istio 1.29.1',
  ]);
  expect(otherVersions(versions('1.29.1', '1.28.0'), 'default', '1.29.1')).toEqual([
    'the sidecar frontend-86d4b44c6d-kzzkw.default is 1.28.0, and istiod is 1.29.1',
  ]);
  expect(otherVersions(versions('1.29.1', '1.28.0'), 'other', '1.29.1')).toEqual([]);
  expect(otherVersions('', 'default', '1.29.1')).toEqual(['it found no istiod: ']);
  expect(runningVersions(versions('1.29.3', '1.29.3'))).toEqual({ istiod: '1.29.3' });
});
