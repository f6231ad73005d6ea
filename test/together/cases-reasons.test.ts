import { expect, test } from 'vitest';
import type { Report } from '../../src/report/model.ts';
import { formatSetting, settingsBehind } from '../../src/report/words.ts';
import { outcome } from '../support/breakwater.ts';
import { type CaseOptions, runCase } from '../support/cases.ts';

const set = (changes: Readonly<Record<string, string>>) =>
  Object.entries(changes).flatMap(([path, value]) => ['--set', `${path}=${value}`]);

/** One replica of four answers 503, on less load than usual. */
const faultyReplica: CaseOptions = {
  scenario: 'outlier-ejection',
  args: set({ 'load.rate': '60/s', 'load.duration': '16s', 'faults.0.at': '4s', 'faults.0.for': '3s' }),
};

/** More requests than the pool of a slow service takes. */
const slowService: CaseOptions = {
  scenario: 'circuit-breaker',
  args: [
    ...set({ 'load.rate': '60/s', 'load.duration': '12s', 'faults.0.at': '3s', 'faults.0.for': '4s' }),
    ...set({ 'checks.2.atLeast': '20', 'checks.5.atLeast': '5/s' }),
  ],
};

/** Every setting that a report puts errors and failed checks down to, with its line. */
function settings(report: Report | undefined): readonly string[] {
  const behind = [...(report?.errors ?? []), ...(report?.checks ?? []).map(({ reason }) => reason ?? {})];
  return [...new Set(behind.flatMap((each) => settingsBehind(each)).map(formatSetting))];
}

/** Mesh configuration that misleads who reads it: test/cases/NAME. */
interface Misleading {
  readonly name: string;
  /** Unless the case has a scenario of its own. */
  readonly on?: CaseOptions;
  readonly verdict: Report['verdict'];
  /** Each begins a setting that is named. */
  readonly names: readonly RegExp[];
  /** Of the most frequent errors. */
  readonly cause?: RegExp;
  /** What nobody may be sent to. */
  readonly not?: RegExp;
}

const rule = 'DestinationRule\\/edge-app-dr spec\\.trafficPolicy';

const cases: readonly Misleading[] = [
  {
    name: 'abort-for-a-gateway',
    on: faultyReplica,
    verdict: 'pass',
    names: [],
    not: /\.fault|injects/,
  },
  {
    name: 'cap-left-to-its-default',
    on: faultyReplica,
    verdict: 'fail',
    names: [/^maxEjectionPercent: 10 % \(default of Envoy\)$/],
  },
  {
    name: 'second-rule-of-a-host',
    on: faultyReplica,
    verdict: 'fail',
    names: [
      /^outlierDetection: not set \(default of Istio\)$/,
      /^DestinationRule\/b-outliers .*outlierDetection is not in effect: .*a-zones \(\S+mesh\.yaml:2\) comes before.*mesh\.yaml:16\)$/,
    ],
  },
  {
    name: 'pool-of-the-server',
    verdict: 'fail',
    names: [
      new RegExp(`^${rule}.*http1MaxPendingRequests: 4 \\(\\S+mesh\\.yaml:10\\)$`),
      new RegExp(`^${rule}.*maxConnections: 12 \\(\\S+mesh\\.yaml:9\\)$`),
    ],
    not: /retryOn/,
    cause:
      /^The sidecar of edge-app itself was full and refused requests\. Its limits hold for all callers together/,
  },
  {
    name: 'pool-of-a-port-not-called',
    on: slowService,
    verdict: 'pass',
    names: [
      new RegExp(`^${rule}\\.connectionPool.*http1MaxPendingRequests: 8 \\(\\S+mesh\\.yaml:10\\)$`),
      new RegExp(`^${rule}\\.connectionPool.*maxConnections: 25 \\(\\S+mesh\\.yaml:9\\)$`),
    ],
    not: /portLevelSettings/,
  },
  {
    name: 'pool-of-the-subset',
    on: slowService,
    verdict: 'pass',
    names: [
      /^DestinationRule\/edge-app-dr spec\.subsets\[0\].*http1MaxPendingRequests: 8 \(\S+mesh\.yaml:17\)$/,
      /^DestinationRule\/edge-app-dr spec\.subsets\[0\].*maxConnections: 25 \(\S+mesh\.yaml:16\)$/,
    ],
    not: /: 900/,
  },
  {
    name: 'timeout-of-a-header-route',
    verdict: 'fail',
    names: [/^VirtualService\/edge-app spec\.http\[1\]\.timeout: 250ms \(\S+mesh\.yaml:11\)$/],
    not: /20s/,
  },
];

for (const { name, on, verdict, names, cause, not } of cases) {
  test.concurrent(`${name}: ${verdict}, put down to what the sidecars hold`, async () => {
    const finished = await runCase(name, on);
    const { report } = finished;
    expect(report?.verdict, outcome(finished)).toBe(verdict);
    expect(finished.code).toBe({ pass: 0, fail: 1, invalid: 3 }[verdict]);
    if (cause !== undefined) expect(report?.errors[0]?.cause).toMatch(cause);
    const named = settings(report);
    for (const each of names) expect(named).toContainEqual(expect.stringMatching(each));
    if (not !== undefined) expect(named.filter((each) => not.test(each))).toEqual([]);
    // Who reads the report finds the same among what was in effect.
    const rows = (report?.effective ?? []).flatMap(({ sections }) =>
      sections.flatMap((section) => section.rows),
    );
    const lines = new Set(rows.flatMap(({ what, source }) => source ?? what));
    for (const line of named.flatMap((each) => /\((\S+:\d+)\)$/.exec(each)?.[1] ?? [])) {
      expect(lines, named.join('\n')).toContain(line);
    }
  });
}

test('a flag means more than the flag: each path ends for a setting of its own, and that is named', async () => {
  const { report } = await runCase('endings-of-every-kind', { once: true });
  const told = (report?.errors ?? []).map((error) => ({
    what: `${error.status} ${error.flag}`,
    cause: error.cause,
    behind: settingsBehind(error).map((each) =>
      formatSetting(each).replace('test/cases/endings-of-every-kind/', ''),
    ),
  }));
  const rule = 'DestinationRule/edge-app-dr';
  const route = 'VirtualService/edge-app';
  const endings = [
    {
      what: '503 UO',
      cause: /the limit holds for HTTP\/1\.1 too\.$/,
      behind: [
        `${rule} spec.subsets[0].trafficPolicy.connectionPool.http.http2MaxRequests: 2 (mesh.yaml:12)`,
      ],
    },
    {
      what: '503 UH',
      cause: /^The subset nobody of edge-app has no host: none has its labels\.$/,
      behind: [`${rule} spec.subsets[1].labels: version=v9 (mesh.yaml:14)`],
    },
    {
      what: '404 NR',
      cause: /^No route of edge-app takes GET \/rest\?\*\*\*: there is none for what is left over\.$/,
      behind: [
        `${route} spec.http[0]: /few* (mesh.yaml:22)`,
        `${route} spec.http[1]: /nobody* (mesh.yaml:24)`,
        `${route} spec.http[2]: /late* (mesh.yaml:26)`,
        `${route} spec.http[3]: /admin* (mesh.yaml:29)`,
      ],
    },
    {
      what: '504 UT',
      cause: /within the time of one attempt\. retryOn does not count that, so it was not tried again\.$/,
      behind: [
        `${route} spec.http[2].retries.perTryTimeout: 40ms (mesh.yaml:27)`,
        `${route} spec.http[2].retries.retryOn: 503 (mesh.yaml:27)`,
      ],
    },
    {
      what: '403 RBAC',
      cause: /^AuthorizationPolicy no-admin forbids this request to edge-app\.$/,
      behind: ['AuthorizationPolicy/no-admin spec.rules[1]: DENY (mesh.yaml:40)'],
    },
  ];
  for (const { cause, ...ending } of endings) {
    expect(told).toContainEqual({ ...ending, cause: expect.stringMatching(cause) });
  }
  const known = endings.map(({ what }) => what);
  expect(told.filter(({ what }) => !known.includes(what))).toEqual([]);
});
