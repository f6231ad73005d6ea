import { OperatorError, usageError } from '../kit/errors.ts';
import { quote } from '../kit/nearest.ts';

/** Where a tool that is not in the cache may come from, in the order in which they are asked. */
const SOURCES = ['mirror', 'image', 'wheel', 'release', 'build'] as const;
export type Source = (typeof SOURCES)[number];

export const SOURCES_VARIABLE = 'BREAKWATER_TOOLS_SOURCES';

/** The sources that the operator allows, in their order; all of them unless BREAKWATER_TOOLS_SOURCES names some. */
export function allowedSources(env: NodeJS.ProcessEnv): readonly Source[] {
  const text = env[SOURCES_VARIABLE];
  if (!text) return SOURCES;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !SOURCES.some((source) => source === name));
  if (unknown !== undefined) {
    throw usageError(`${SOURCES_VARIABLE} names ${quote(unknown)}`, `it is a list of ${SOURCES.join(', ')}`);
  }
  return SOURCES.filter((source) => names.includes(source));
}

/** What a source says that cannot give a tool to this machine: the next one is asked. */
export class Unavailable extends OperatorError {}

/** The same when nobody answered there: it is not asked for the next tool either. */
export class Unreachable extends Unavailable {}
