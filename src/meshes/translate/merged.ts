import type { ServiceIntent } from './intent.ts';

/** One intent for each service, of all that is said of it; of two values the first counts. */
export function merged(intents: readonly ServiceIntent[]): readonly ServiceIntent[] {
  return [...Map.groupBy(intents, ({ service }) => service)].map(([service, all]) => {
    const first = <Key extends keyof ServiceIntent>(key: Key) => {
      const value = all.map((each) => each[key]).find((each) => each !== undefined);
      return value === undefined ? {} : { [key]: value };
    };
    return {
      service,
      pool: Object.assign({}, ...all.map(({ pool }) => pool).toReversed()),
      subsets: Object.assign({}, ...all.map(({ subsets }) => subsets)),
      routes: all.flatMap(({ routes }) => routes),
      ...first('callers'),
      ...first('connectTimeout'),
      ...first('ejection'),
      ...first('balancing'),
    };
  });
}
