import { nearest } from '../../../kit/nearest.ts';
import { type Path, valueAt } from '../../../kit/path.ts';

/** The text at a place of an entry; undefined where there is none, or an empty one. */
export const textAt = (value: unknown, path: Path): string | undefined => {
  const found = valueAt(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
};

/** The list at a place of an entry; empty where there is none. */
export const listAt = (value: unknown, path: Path): readonly unknown[] => {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
};

/** Whether an override is for calls of a service: one that names a peer is for those that name the peer too, which a lab has none of. */
export const isForCallsOf = (override: unknown, service: string): boolean =>
  textAt(override, ['Name']) === service && textAt(override, ['Peer']) === undefined;

/** The name that was meant, or those that there are. */
export function meant(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  if (close !== undefined) return `did you mean ${close}?`;
  return `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}`;
}
