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

/** The name that was meant, or those that there are. */
export function meant(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close === undefined ? `there are ${known.join(', ')}` : `did you mean ${close}?`;
}
