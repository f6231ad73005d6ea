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
