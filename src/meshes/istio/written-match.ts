import { isMap, valueAt } from '../../kit/path.ts';
import type { NamedMatch, RouteMatch, TextMatch } from '../../model/effective.ts';

/** A `match` of a VirtualService's HTTP route as sidecars get it; without one, a route takes every request. */
export function writtenMatch(match: unknown): RouteMatch {
  const ignoreCase = valueAt(match, ['ignoreUriCase']) === true ? { ignoreCase: true as const } : {};
  const path = textMatch(valueAt(match, ['uri'])) ?? { kind: 'prefix', value: '/' };
  const pseudo = (['method', 'authority', 'scheme'] as const).flatMap((field) =>
    named(`:${field}`, valueAt(match, [field])),
  );
  return {
    path: { ...path, ...ignoreCase },
    headers: [
      ...pseudo,
      ...entries(match, 'headers').flatMap(([name, value]) => named(name, value)),
      ...entries(match, 'withoutHeaders').flatMap(([name, value]) =>
        named(name, value).map((each) => ({
          ...each,
          not: true as const,
          ...(each.kind === 'present' ? {} : { emptyIfMissing: true as const }),
        })),
      ),
    ],
    query: entries(match, 'queryParams').flatMap(([name, value]) => named(name, value)),
  };
}

/** Istio takes a match that says nothing of the text, and the expression `*`, for one that it is there. */
function named(name: string, written: unknown): NamedMatch[] {
  if (written === undefined) return [];
  const match = valueAt(written, ['regex']) === '*' ? undefined : textMatch(written);
  return [{ name, ...(match ?? { kind: 'present', value: '' }) }];
}

function textMatch(written: unknown): TextMatch | undefined {
  for (const kind of ['exact', 'prefix', 'regex'] as const) {
    const value = valueAt(written, [kind]);
    if (typeof value === 'string') return { kind, value };
  }
  return undefined;
}

const entries = (match: unknown, field: string) => {
  const value = valueAt(match, [field]);
  return isMap(value) ? Object.entries(value) : [];
};
