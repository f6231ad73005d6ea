import type { Path } from '../../../kit/path.ts';
import type { Told } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Fallback, Place } from '../../told.ts';
import { tell, within, writtenAt } from '../../told.ts';
import { isForCallsOf, listAt } from '../entries/written.ts';

/** The entries under test, by what they are about. */
export class EntriesUnderTest {
  readonly all: readonly MeshResource[];

  constructor(resources: readonly MeshResource[]) {
    this.all = resources;
  }

  /** An entry of that kind and name, as a place. */
  of(kind: string, name: string): Place | undefined {
    const resource = this.all.find((each) => each.kind === kind && each.name === name);
    return resource && { resource, path: [] };
  }

  /**
   * Where settings of a service's calls of another are written: what is for that one first, then what is for all that it
   * calls. A block of the one hides the whole block of the other.
   */
  upstream(from: string, to: string): readonly Place[] {
    const entry = this.of('service-defaults', from);
    if (entry === undefined) return [];
    const config = within(entry, 'UpstreamConfig');
    const overrides = listAt(writtenAt(config), ['Overrides']);
    const own = overrides.findIndex((each) => isForCallsOf(each, to));
    const places = [...(own < 0 ? [] : [within(config, 'Overrides', own)]), within(config, 'Defaults')];
    return places.filter((place) => writtenAt(place) !== undefined);
  }

  /** Where the way of a service's calls of another to other datacenters is written: the first that says anything. */
  gatewayMode(from: string, to: string): Place | undefined {
    const general = [this.of('service-defaults', from), this.of('proxy-defaults', 'global')];
    return [...this.upstream(from, to), ...general.filter((place) => place !== undefined)]
      .map((place) => within(place, 'MeshGateway', 'Mode'))
      .find((place) => writtenAt(place) !== undefined && writtenAt(place) !== '');
  }

  /** The block of that name for a service's calls of another, where it is written. */
  upstreamBlock(from: string, to: string, block: string): Place | undefined {
    return this.upstream(from, to)
      .map((place) => within(place, block))
      .find((place) => writtenAt(place) !== undefined);
  }
}

/** A value that a sidecar holds, with the first of these places that it comes from. */
export function toldBy<T>(
  value: T,
  places: readonly (Place | undefined)[],
  read: (written: unknown) => T | undefined,
  field: string | undefined,
  ...fallbacks: readonly Fallback<T>[]
): Told<T> {
  return tell(value, {
    places: places.filter((place) => place !== undefined),
    read,
    fallbacks,
    maybe: [],
    ...(field === undefined ? {} : { field }),
  });
}

/** A field of a block, where there is a block. */
export const fieldOf = (block: Place | undefined, ...path: Path): Place | undefined =>
  block && within(block, ...path);
