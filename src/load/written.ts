import type { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';
import { type LoadSettings, loadSettings } from './fields.ts';
import type { PlannedLoad } from './planned.ts';
import { type LoadShape, type ShapeName, shapeKind, type shapeKinds, shapeNames } from './shapes/index.ts';

type ShapeFields = {
  readonly [Name in ShapeName]: z.ZodOptional<(typeof shapeKinds)[Name]['field']>;
};

/** Fields of a scenario's load that say how much it is: one for every shape, and what goes with them. */
export const loadFields = {
  ...(Object.fromEntries(shapeNames.map((name) => [name, shapeKind(name).field.optional()])) as ShapeFields),
  ...loadSettings,
};

/** The part of a scenario's load that is about its shape, parsed. */
export type WrittenLoad = z.output<z.ZodObject<typeof loadFields>> & {
  /** Milliseconds. */
  readonly timeout: number;
  readonly warmup: number;
};

const ways = shapeNames.map((name) =>
  shapeKind(name).lengthMs === undefined ? `${name} and duration` : name,
);

/** How a load may say how much it is: "rate and duration; stages; …". */
export const waysToWrite = [...ways.slice(0, -1), `or ${ways.at(-1)}`].join('; ');

const longestMs = 24 * 3_600_000;
/** A load ends when its last requests have been answered, or given up. */
const longestAnswerMs = 600_000;
const mostUsers = 20_000;
const spareUsers = 1.1;

/** Everything that is wrong with how much a load is; paths are within the load. */
export function mistakesInLoad(load: WrittenLoad): Mistake[] {
  const [name, ...others] = shapesIn(load);
  const hint = `give ${waysToWrite}`;
  if (name === undefined) return [wrong([], 'the load says neither how much nor how long', hint)];
  const { lengthMs, mistakes } = shapeKind(name);
  const found = [
    ...others.map((other) => wrong([other], `${other} and ${name} exclude each other`, hint)),
    ...(lengthMs === undefined && load.duration === undefined
      ? [wrong([name], `${name} needs a duration beside it`, 'such as duration: 30s')]
      : []),
    ...mistakes(load[name], load),
    ...(['timeout', 'maxLatency'] as const)
      .filter((field) => load[field] < 1)
      .map((field) => wrong([field], 'expected a duration above 0')),
    ...(['timeout', 'maxLatency'] as const)
      .filter((field) => load[field] > longestAnswerMs)
      .map((field) => wrong([field], `expected at most ${formatMs(longestAnswerMs)}`)),
  ];
  return found.length > 0 ? found : mistakesInSize(load, name);
}

function mistakesInSize(load: WrittenLoad, name: ShapeName): Mistake[] {
  const { durationMs, users } = sizeOf(load);
  const where = load.duration === undefined ? name : 'duration';
  const found: Mistake[] = [];
  if (durationMs > longestMs) {
    found.push(wrong([where], `the load lasts longer than ${formatMs(longestMs)}`));
  } else if (durationMs <= load.warmup) {
    const message = `the load lasts ${formatMs(durationMs)}, and the warmup alone takes ${formatMs(load.warmup)}`;
    found.push(wrong([where], message));
  }
  if (users > mostUsers) {
    const message = `this takes ${users} virtual users; at most ${mostUsers} fit on one machine`;
    found.push(
      load.users === undefined
        ? wrong([name], message, 'lower the rate or maxLatency')
        : wrong(['users'], message, `give at most ${mostUsers}`),
    );
  }
  return found;
}

/** Mistakes that show before defaults are filled in: fields that do nothing beside the load's shape. */
export function uselessFields(load: WrittenLoad, isGiven: (field: string) => boolean): Mistake[] {
  return shapesIn(load).flatMap((name) => {
    const { fields = [], beside } = shapeKind(name).ignores ?? {};
    return fields.filter(isGiven).map(
      (field): Mistake => ({
        path: [field],
        at: 'key',
        message: `${field} does nothing beside ${beside}; leave it out`,
      }),
    );
  });
}

/** Files that a load names, with the field that does. */
export function filesIn(load: WrittenLoad): { readonly field: ShapeName; readonly file: string }[] {
  return shapesIn(load).flatMap((field) => {
    const file = shapeKind(field).file?.(load[field]);
    return file === undefined ? [] : [{ field, file }];
  });
}

/** The shape as the plan has it; `directory` is the absolute one that relative files count from. */
export function shapeOf(load: WrittenLoad, directory: string): LoadShape {
  const kind = nameOf(load);
  return { kind, ...shapeKind(kind).shape(load[kind], directory) } as LoadShape;
}

/** How long a load lasts, and what it takes: requests per second at its peak, virtual users. */
export function sizeOf(load: WrittenLoad): Pick<PlannedLoad, 'durationMs' | 'peakRate' | 'users'> {
  const name = nameOf(load);
  const { lengthMs, peakRate, users } = shapeKind(name);
  const written = load[name];
  const peak = peakRate?.(written);
  return {
    durationMs: lengthMs ? lengthMs(written) : (load.duration ?? 0),
    peakRate: peak,
    users: users ? users(written) : (load.users ?? usersFor(peak ?? 0, load)),
  };
}

/** The rate kept through the worst latency (Little's law), and a tenth more. */
function usersFor(peakRate: number, { maxLatency }: LoadSettings): number {
  const needed = Math.ceil((peakRate * maxLatency) / 1_000);
  return Math.ceil(Number((needed * spareUsers).toFixed(6)));
}

/** The one shape of a load in which there is no mistake. */
function nameOf(load: WrittenLoad): ShapeName {
  const [name] = shapesIn(load);
  if (name === undefined) throw new Error('a load without a shape');
  return name;
}

const shapesIn = (load: WrittenLoad) => shapeNames.filter((name) => load[name] !== undefined);

const wrong = (path: Path, message: string, hint?: string): Mistake => ({ path, at: 'value', message, hint });
