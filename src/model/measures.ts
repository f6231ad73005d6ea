/** What a measure is in: a share is from 0 to 1, a ratio may be above; cores are processors kept busy. */
type MeasureUnit = 'ms' | 'share' | 'per-second' | 'count' | 'ratio' | 'cores' | 'bytes';

/** What comparisons compare of runs: one number a run. */
export interface MeasureKind {
  readonly title: string;
  readonly unit: MeasureUnit;
  /** In which direction it gets worse. */
  readonly worse: 'more' | 'less';
  /** By how much it may be worse and still count as the same, unless told otherwise; a share. */
  readonly margin: number;
  /**
   * Is added to both sides of a ratio, in its unit: for what may be none, where one more than none is not infinitely
   * more. Far above it the ratio is what it would be without.
   */
  readonly offset: number;
  /** False where rounds of both sides after each other in one lab cannot tell: the processes are the same. */
  readonly inOneLab: boolean;
}

const usual = { worse: 'more', offset: 0, inOneLab: true } as const;

/** Every kind of measure, in the order in which they are shown. docs/comparing.md says how margins were chosen. */
export const measureKinds = {
  p50: { ...usual, title: 'p50 latency', unit: 'ms', margin: 0.05 },
  p95: { ...usual, title: 'p95 latency', unit: 'ms', margin: 0.1 },
  p99: { ...usual, title: 'p99 latency', unit: 'ms', margin: 0.2 },
  'p99.9': { ...usual, title: 'p99.9 latency', unit: 'ms', margin: 0.3 },
  goodput: { ...usual, title: 'goodput', unit: 'per-second', worse: 'less', margin: 0.02 },
  errors: { ...usual, title: 'error rate', unit: 'share', margin: 0.1, offset: 0.01 },
  attempts: { ...usual, title: 'attempts per request', unit: 'ratio', margin: 0.02 },
  connections: {
    ...usual,
    title: 'connections per 1,000 requests',
    unit: 'count',
    margin: 0.1,
    offset: 5,
  },
  cpu: { ...usual, title: 'CPU of sidecars per 1,000 requests/s', unit: 'cores', margin: 0.1 },
  memory: { ...usual, title: 'memory of sidecars', unit: 'bytes', margin: 0.1, inOneLab: false },
  'time-to-eject': { ...usual, title: 'time to eject', unit: 'ms', margin: 0.25, offset: 100 },
  'time-to-fail-over': { ...usual, title: 'time to fail over', unit: 'ms', margin: 0.25, offset: 100 },
  'time-to-return': { ...usual, title: 'time to return', unit: 'ms', margin: 0.25, offset: 100 },
  'time-to-recover': { ...usual, title: 'time to recover', unit: 'ms', margin: 0.25, offset: 100 },
  'failed-checks': { ...usual, title: 'checks that fail', unit: 'count', margin: 0.2, offset: 1 },
} as const satisfies Record<string, MeasureKind>;

export type MeasureName = keyof typeof measureKinds;
export const measureNames = Object.keys(measureKinds) as MeasureName[];

/** "p99", or "time-to-eject: the east zone is out" where a run has several of a kind → its kind. */
export function measureKind(key: string): MeasureKind | undefined {
  const name = nameOf(key);
  return measureNames.some((each) => each === name) ? measureKinds[name as MeasureName] : undefined;
}

/** "time to eject: the east zone is out". */
export function measureTitle(key: string): string {
  const detail = key.slice(nameOf(key).length);
  return `${measureKind(key)?.title ?? nameOf(key)}${detail}`;
}

export const nameOf = (key: string): string => key.split(': ')[0] ?? key;
