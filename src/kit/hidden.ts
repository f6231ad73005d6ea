import { quote } from './nearest.ts';

/** What stands where a secret would. */
export const HIDDEN = '***';

/** A path without what its query says: "/items?***". */
export function hideQuery(path: string): string {
  const at = path.indexOf('?');
  return at < 0 ? path : `${path.slice(0, at)}?${HIDDEN}`;
}

/** A text without texts that nobody should see; short ones are told from others by their quotes alone. */
export function hideIn(text: string, secrets: readonly string[]): string {
  const told = (secret: string) => secret.length >= 8;
  return secrets
    .toSorted((a, b) => b.length - a.length)
    .reduce((shown, secret) => {
      const unquoted = shown.replaceAll(quote(secret), `"${HIDDEN}"`);
      return told(secret) ? unquoted.replaceAll(secret, HIDDEN) : unquoted;
    }, text);
}
