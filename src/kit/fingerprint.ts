import { createHash } from 'node:crypto';

/** Short and the same for the same texts; where one ends and the next begins counts. */
export function fingerprint(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 8);
}
