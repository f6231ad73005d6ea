import type { InstalledMesh } from '../../contract.ts';

/** What istioctl says of its own connection to istiod. */
const ISTIOCTL_ITSELF = '65536.65536.65536';
/** istiod sends these two to every sidecar that it pushes to; routes and endpoints only if there are any. */
const ALWAYS_SENT = new Set(['CDS', 'LDS']);

/**
 * Of an Istio of this version. istiod is made to send everything once more, and every sidecar has to take it: that it once took
 * something is true of a sidecar of an earlier run as well.
 */
export const checksOf =
  (version: string) =>
  (workloads: string): ReturnType<InstalledMesh['checks']> => {
    const since = performance.now();
    return [
      {
        what: 'istioctl x internal-debug adsz?push=true',
        program: 'istioctl',
        args: ['experimental', 'internal-debug', 'adsz?push=true'],
        problems: (output) =>
          /^Pushed to \d+ servers/m.test(output) ? [] : [`not pushed: ${output.trim()}`],
      },
      {
        what: 'istioctl proxy-status',
        program: 'istioctl',
        // Without -v 1 it tells which types there are but not whether they are in sync; JSON it does not print at all:
        // istioctl/pkg/writer/pilot/status.go of 1.29.
        args: ['proxy-status', '-v', '1', '--namespace', workloads],
        problems: (output) => outOfSync(output, (performance.now() - since) / 1_000),
      },
      {
        what: 'istioctl analyze',
        program: 'istioctl',
        args: ['analyze', '--namespace', workloads, '--output', 'json', '--failure-threshold', 'Error'],
        problems: foundByAnalyze,
      },
      {
        what: 'istioctl version',
        program: 'istioctl',
        args: ['version', '--output', 'json'],
        problems: (output) => otherVersions(output, workloads, version),
        versions: runningVersions,
      },
    ];
  };

/** Sidecars that have not acknowledged what istiod sent them in the last `withinSeconds`. */
export function outOfSync(output: string, withinSeconds: number): string[] {
  const [header = [], ...rows] = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s{2,}/));
  if (!header.includes('CDS')) return [`it does not tell what is in sync: ${header.join(' ')}`];
  if (rows.length === 0) return ['no sidecar is connected to istiod'];
  return rows.flatMap((row) => {
    const late = header.flatMap((type, column) => {
      const said = row[column] ?? '';
      if (!type.endsWith('DS')) return [];
      if (/^(STALE|ERROR)\b/.test(said)) return [`${type} ${said}`];
      if (!ALWAYS_SENT.has(type)) return [];
      const [, age] = /^SYNCED \((.*)\)$/.exec(said) ?? [];
      if (age === undefined) return [`${type} ${said}`];
      // Ages are rounded down to seconds.
      return seconds(age) > withinSeconds + 1 ? [`${type} was last sent ${age} ago`] : [];
    });
    return late.length === 0 ? [] : [`${row[0]}: ${late.join(', ')}`];
  });
}

/** "2m5s" → 125; what is no duration, like that of a clock that is behind, counts as now. */
function seconds(duration: string): number {
  const unit: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, y: 31_536_000 };
  return [...duration.matchAll(/(\d+)([smhdy])/g)].reduce(
    (sum, [, count, name = '']) => sum + Number(count) * (unit[name] ?? 0),
    0,
  );
}

export function foundByAnalyze(output: string): string[] {
  const messages = parsed<{ level?: string; code?: string; message?: string; origin?: string }[]>(output);
  if (!Array.isArray(messages)) return [`it printed no list of findings: ${output.trim().slice(0, 200)}`];
  return messages
    .filter(({ level }) => level === 'Error')
    .map(({ code, origin, message }) => `${code} ${origin ?? ''}: ${message}`);
}

interface Versions {
  readonly meshVersion?: readonly {
    readonly Component?: string;
    readonly Info?: { readonly version?: string };
  }[];
  readonly dataPlaneVersion?: readonly { readonly ID?: string; readonly IstioVersion?: string }[];
}

/** Of istiod; its sidecars have no other, or a check has failed. */
export function runningVersions(output: string): Record<string, string> {
  const found = parsed<Versions>(output)?.meshVersion?.flatMap(({ Info }) => Info?.version ?? []) ?? [];
  return found.length === 0 ? {} : { istiod: [...new Set(found)].join(', ') };
}

/** An istiod of another minor version than was asked for, and sidecars of another version than istiod. */
export function otherVersions(output: string, workloads: string, asked: string): string[] {
  const { meshVersion = [], dataPlaneVersion = [] } = parsed<Versions>(output) ?? {};
  const running = meshVersion.flatMap(({ Info }) => Info?.version ?? []);
  const [first] = running;
  if (first === undefined) return [`it found no istiod: ${output.trim().slice(0, 200)}`];
  const minor = (version: string) => /^\d+\.\d+/.exec(version)?.[0];
  const wanted = minor(asked);
  const sidecars = dataPlaneVersion.filter(
    ({ ID, IstioVersion }) => ID?.endsWith(`.${workloads}`) && IstioVersion !== ISTIOCTL_ITSELF,
  );
  return [
    ...running
      // A build of one's own may have no number.
      .filter((version) => (minor(version) ?? wanted) !== wanted)
      .map((version) => `istiod is ${version}, and this run is for Istio ${asked}`),
    ...sidecars
      .filter(({ IstioVersion }) => !running.includes(IstioVersion ?? ''))
      .map(({ ID, IstioVersion }) => `the sidecar ${ID} is ${IstioVersion}, and istiod is ${first}`),
  ];
}

function parsed<T>(output: string): T | undefined {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
