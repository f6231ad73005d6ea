import { type MeasureKind, measureKind, measureNames, measureTitle, nameOf } from '../model/measures.ts';
import type { RunRecord } from '../records/model.ts';
import { changePoints, usualSensitivity } from './change-points.ts';

/** One run of a series. */
interface SeriesPoint {
  readonly run: string;
  readonly at: string;
  readonly commit?: string | undefined;
  readonly value: number;
}

/** A change of a measure, with the run that it begins with. */
export interface Change {
  readonly index: number;
  readonly run: string;
  readonly at: string;
  readonly commit?: string | undefined;
  /** The last run before it. */
  readonly since?: string | undefined;
  readonly before: number;
  readonly after: number;
  /** How much worse it is from then on, as a share; negative where it is better. */
  readonly effect: number;
  /** Programs that are others from that run on: "istio 1.28.3, now 1.29.1". */
  readonly versions: readonly string[];
}

/** A measure over the runs of a series that have it, oldest first. */
export interface MeasureSeries {
  readonly measure: string;
  readonly title: string;
  readonly unit: MeasureKind['unit'];
  readonly points: readonly SeriesPoint[];
  readonly changes: readonly Change[];
}

/** Runs that compare: of one experiment, in one environment, on machines of one kind. */
export interface Series {
  readonly scenario: string;
  readonly profile?: string | undefined;
  readonly environment: string;
  readonly machine: RunRecord['machine'];
  readonly runs: number;
  readonly from: string;
  readonly to: string;
  readonly measures: readonly MeasureSeries[];
}

const HISTORY_SCHEMA = 'breakwater/history/v1';

/** What `history --json` prints. */
export interface History {
  readonly schema: typeof HISTORY_SCHEMA;
  readonly series: readonly Series[];
}

/** The series in records, which are sorted by time, with the change points of each measure. */
export function historyOf(
  records: readonly RunRecord[],
  wanted: (measure: string) => boolean = () => true,
): History {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    const { scenario, environment, machine } = record;
    const key = JSON.stringify([
      scenario.name,
      scenario.profile,
      scenario.fingerprint,
      environment,
      machine.kind,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return { schema: HISTORY_SCHEMA, series: [...groups.values()].flatMap((group) => seriesOf(group, wanted)) };
}

function seriesOf(records: readonly RunRecord[], wanted: (measure: string) => boolean): Series[] {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return [];
  const rank = (measure: string) => (measureNames as readonly string[]).indexOf(nameOf(measure));
  const measures = [...new Set(records.flatMap((record) => Object.keys(record.measures)))]
    .filter(wanted)
    .sort((a, b) => rank(a) - rank(b));
  return [
    {
      scenario: first.scenario.name,
      ...(first.scenario.profile === undefined ? {} : { profile: first.scenario.profile }),
      environment: first.environment,
      machine: last.machine,
      runs: records.length,
      from: first.at,
      to: last.at,
      measures: measures.flatMap((measure) => {
        const kind = measureKind(measure);
        return kind === undefined ? [] : [measured(records, measure, kind)];
      }),
    },
  ];
}

function measured(records: readonly RunRecord[], measure: string, kind: MeasureKind): MeasureSeries {
  const having = records.filter((record) => record.measures[measure] !== undefined);
  const values = having.map((record) => record.measures[measure] ?? 0);
  // What may be none is looked at with what is added to it: one error more than none is not infinitely more.
  const found = changePoints(
    values.map((value) => value + kind.offset),
    { ...usualSensitivity, magnitude: kind.margin },
  );
  return {
    measure,
    title: measureTitle(measure),
    unit: kind.unit,
    points: having.map(({ run, at, commit }, index) => ({
      run,
      at,
      ...(commit === undefined ? {} : { commit }),
      value: values[index] ?? 0,
    })),
    changes: found.flatMap(({ index, before, after }) => {
      const [record, previous] = [having[index], having[index - 1]];
      if (record === undefined) return [];
      const ratio = kind.worse === 'more' ? after / before : before / after;
      return [
        {
          index,
          run: record.run,
          at: record.at,
          ...(record.commit === undefined ? {} : { commit: record.commit }),
          ...(previous === undefined ? {} : { since: previous.commit ?? previous.run }),
          before: before - kind.offset,
          after: after - kind.offset,
          effect: Number.isFinite(ratio) ? ratio - 1 : 1,
          versions: previous === undefined ? [] : differing(previous, record),
        },
      ];
    }),
  };
}

const differing = (before: RunRecord, now: RunRecord) =>
  Object.keys(now.versions)
    .filter((name) => before.versions[name] !== now.versions[name])
    .map((name) => `${name} ${before.versions[name] ?? 'none'}, now ${now.versions[name]}`);

/** Between what a line of these values is drawn: at least a fifth of their middle, so that noise looks like noise. */
export function rangeOf(values: readonly number[]): { readonly low: number; readonly high: number } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const least = Math.abs(low + high) / 10 || 1;
  const missing = Math.max(0, least - (high - low)) / 2;
  return { low: low - missing, high: high + missing };
}

/** Changes to the worse that begin within the last runs of their series. */
export const worseWithin = ({ series }: History, runs: number): readonly Change[] =>
  series.flatMap(({ measures }) =>
    measures.flatMap(({ points, changes }) =>
      changes.filter(({ index, effect }) => effect > 0 && index >= points.length - runs),
    ),
  );
