/** Names of fields and indices of lists, from the top of a document. */
export type Path = readonly (string | number)[];

/** What stands at a path of a parsed document; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/** Whether a value of a parsed document is a map of names. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The map that stands at a path of a parsed document; undefined where there is none. */
export function mapAt(value: unknown, path: Path): Record<string, unknown> | undefined {
  const found = valueAt(value, path);
  return isMap(found) ? found : undefined;
}
