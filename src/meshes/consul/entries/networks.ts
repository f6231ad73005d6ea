import { valueAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';

/** Where an entry says which network it is for, whose agent alone it is written to. */
export const NETWORK_OF_ENTRY = ['Meta', 'network'] as const;

/** The network that an entry is for; undefined: it is for all. */
export function networkOf({ value }: Pick<MeshResource, 'value'>): string | undefined {
  const network = valueAt(value, NETWORK_OF_ENTRY);
  return typeof network === 'string' && network !== '' ? network : undefined;
}

/** Whether an entry is for a network, or for a lab that has none. */
export function isFor(network: string | undefined, entry: Pick<MeshResource, 'value'>): boolean {
  const own = networkOf(entry);
  return own === undefined || own === network;
}
