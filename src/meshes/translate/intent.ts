import { mapAt, type Path, valueAt } from '../../kit/path.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';

/** What is meant for calls of a service, in words of no mesh. Durations are texts as Go writes them, which both take. */
export interface ServiceIntent {
  readonly service: string;
  /** Who calls; undefined where it holds for everybody. */
  readonly callers?: readonly string[];
  readonly pool: {
    readonly connections?: number;
    readonly pending?: number;
    readonly requests?: number;
  };
  readonly connectTimeout?: string;
  /** When hosts are left out; undefined where nothing is said of calls. */
  readonly ejection?: Ejection;
  /** "round-robin", "least-request", "random". */
  readonly balancing?: string;
  /** Name of a subset → labels of its hosts. */
  readonly subsets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The first that matches takes a request; none where nothing is said of routes. */
  readonly routes: readonly RouteIntent[];
}

interface Ejection {
  /** 0: none is left out. */
  readonly errors: number;
  readonly interval: string;
  readonly base: string;
  readonly mostPercent: number;
}

export interface TextMatch {
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly value: string;
}

export interface RouteMatch {
  readonly path?: TextMatch;
  readonly methods: readonly string[];
  readonly headers: Readonly<Record<string, TextMatch>>;
  /** Headers that may not be there. */
  readonly without: readonly string[];
  readonly query: Readonly<Record<string, TextMatch>>;
}

export interface RouteIntent {
  /** Any of them; all requests where there is none. */
  readonly matches: readonly RouteMatch[];
  readonly to: readonly { readonly service: string; readonly subset?: string; readonly weight: number }[];
  /** "none": for as long as it takes; undefined: as long as the mesh waits where nothing is said. */
  readonly timeout?: string;
  readonly retries?: { readonly attempts: number; readonly conditions: readonly string[] };
  readonly prefix?: string;
}

/** A setting that the other mesh has nothing for, or nothing in that place. */
export interface Loss {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly why: string;
}

/** What was read of configuration, and what of it is left behind. */
export interface Read {
  readonly intents: readonly ServiceIntent[];
  readonly losses: readonly Loss[];
}

/** One resource that is read field by field: what nobody has asked for is lost. */
export class FieldReader {
  readonly resource: MeshResource;
  readonly #asked: Path[] = [];

  constructor(resource: MeshResource) {
    this.resource = resource;
  }

  /** What stands at a path, which is dealt with from here on. */
  take(...path: Path): unknown {
    this.#asked.push(path);
    return valueAt(this.resource.value, path) ?? undefined;
  }

  text(...path: Path): string | undefined {
    const value = this.take(...path);
    return value === undefined ? undefined : String(value);
  }

  number(...path: Path): number | undefined {
    const value = this.take(...path);
    return typeof value === 'number' ? value : undefined;
  }

  /** How many entries a list has, each of which is asked for by itself. */
  count(...path: Path): number {
    const value = valueAt(this.resource.value, path);
    return Array.isArray(value) ? value.length : 0;
  }

  /** The names in a map, each of which is asked for by itself. */
  keys(...path: Path): readonly string[] {
    return Object.keys(mapAt(this.resource.value, path) ?? {});
  }

  /** Something that was taken and cannot be said elsewhere. */
  loss(path: Path, why: string): Loss {
    const { file } = this.resource;
    return { file, line: this.resource.lineOf(path), path: pathOf(path), why };
  }

  /**
   * Says of what is left below one of several conditions that the whole condition is left out, since without it more
   * would fit; undefined where nothing is left, so that it is whole.
   */
  leftOut(at: Path, why: Readonly<Record<string, string>>, otherwise: string): readonly Loss[] | undefined {
    const left = this.left(at, why, otherwise).map((loss) => ({
      ...loss,
      why: `${loss.why}; what this is to match is left out`,
    }));
    this.take(...at);
    return left.length === 0 ? undefined : left;
  }

  /** Every field below a path that nobody has taken; `why` says what is known of some, by their names. */
  left(root: Path, why: Readonly<Record<string, string>>, otherwise: string): readonly Loss[] {
    return this.#leaves(root).map((path) => {
      const known = path.map((part) => why[String(part)]).find(Boolean);
      return this.loss(path, known ?? otherwise);
    });
  }

  #leaves(path: Path): readonly Path[] {
    const isAt = (asked: Path) =>
      asked.length === path.length && asked.every((part, at) => part === path[at]);
    if (this.#asked.some(isAt)) return [];
    const value = valueAt(this.resource.value, path);
    const isWayTo = this.#asked.some(
      (asked) => asked.length > path.length && path.every((part, at) => part === asked[at]),
    );
    if (typeof value !== 'object' || value === null) return value === undefined ? [] : [path];
    if (!isWayTo) return [path];
    return Object.keys(value).flatMap((key) =>
      this.#leaves([...path, Array.isArray(value) ? Number(key) : key]),
    );
  }
}

const pathOf = (path: Path) =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
