import { type Path, valueAt } from '../../../kit/path.ts';

/** The list at a place of an entry; empty where there is none. */
export const listAt = (value: unknown, path: Path): readonly unknown[] => {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
};
