import type { Path } from '../../kit/path.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';

/** Resources with more parts than this are asked about as a whole only. */
const mostParts = 400;

/** A resource without one of its parts. */
export interface Without {
  readonly path: Path;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A resource without each of the fields and entries below its spec, one at a time; none where there are too many. */
export function withoutEachPart({ value }: MeshResource): readonly Without[] {
  const paths = pathsBelow(value['spec'], ['spec']);
  return paths.length > mostParts
    ? []
    : paths.map((path) => ({ path, value: without(value, path) as Without['value'] }));
}

function pathsBelow(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(name) : name];
    return [here, ...pathsBelow(inner, here)];
  });
}

function without(value: unknown, [step, ...rest]: Path): unknown {
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.toSpliced(Number(step), 1)
      : value.with(Number(step), without(value[Number(step)], rest));
  }
  const fields = value as Record<string, unknown>;
  const { [String(step)]: inner, ...others } = fields;
  return rest.length === 0 ? others : { ...fields, [String(step)]: without(inner, rest) };
}

/** What is said of a resource, and of it without each of its parts. */
export interface Said {
  readonly messages: readonly string[];
  readonly without: readonly { readonly path: Path; readonly messages: readonly string[] }[];
}

/**
 * What each message is about, in their order: the smallest part without which it is not said any more; where several
 * are, what holds them all, or the last of them where that is the whole spec. Undefined where it is about no part.
 */
export function placesOfMessages({ messages, without: asked }: Said): readonly (Path | undefined)[] {
  const count = (all: readonly string[], message: string) => all.filter((each) => each === message).length;
  return messages.map((message, index) => {
    const fewer = asked.filter((one) => count(one.messages, message) < count(messages, message));
    const clean = fewer.filter((one) => one.messages.every((each) => messages.includes(each)));
    // Without some parts a validator ends early, and says something else instead.
    const within = clean.length === 0 ? [[]] : smallest(clean.map(({ path }) => path));
    const places = smallest(fewer.map(({ path }) => path)).filter((path) =>
      within.some((each) => begins(path, each)),
    );
    // What is said of several parts in the same words is about one after the other.
    if (places.length === count(messages, message)) return places[count(messages.slice(0, index), message)];
    return together(places);
  });
}

const begins = (path: Path, start: Path) => start.every((step, index) => path[index] === step);

/** Those of which none of the others is a part. */
function smallest(paths: readonly Path[]): readonly Path[] {
  return paths.filter((path) => !paths.some((other) => other.length > path.length && begins(other, path)));
}

function together(paths: readonly Path[]): Path | undefined {
  const [first] = paths;
  const shared = first?.filter((_, index) => paths.every((path) => begins(path, first.slice(0, index + 1))));
  return shared === undefined || shared.length > 1 ? shared : paths.at(-1);
}
