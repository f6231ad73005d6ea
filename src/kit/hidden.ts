import { quote } from './nearest.ts';

/** What stands where a secret would. */
export const HIDDEN = '***';

/** A path without what its query says: "/items?***". */
export function hideQuery(path: string): string {
  const at = path.indexOf('?');
  return at < 0 ? path : `${path.slice(0, at)}?${HIDDEN}`;
}

/** A path without the values of those parts of its query that are called so: "/items?page=2&token=***". */
export function hideInQuery(path: string, names: RegExp): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const parts = path.slice(at + 1).split('&');
  const shown = parts.map((part) => {
    const [name = ''] = part.split('=', 1);
    return part !== name && names.test(name) ? `${name}=${HIDDEN}` : part;
  });
  return `${path.slice(0, at)}?${shown.join('&')}`;
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
