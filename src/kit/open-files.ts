import { readFileSync } from 'node:fs';

/** How many files one process may have open, and whatever it starts; infinite where the system does not tell. */
export function mostOpenFiles(): number {
  try {
    const [, limit] = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit ?? Number.POSITIVE_INFINITY);
  } catch {
    // Not Linux; the limit shows as connection errors there.
    return Number.POSITIVE_INFINITY;
  }
}
