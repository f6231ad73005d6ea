import { HIDDEN, hideQuery } from './hidden.ts';

/** An address over HTTP that somebody has set, taken apart before anything is done with it. */
export interface Address {
  readonly url: URL;
  /** What goes with a request: the user and password that stood in it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without what may be a secret: no password, no query. */
  readonly shown: string;
}

/** An http or https address, or undefined. */
export function parseAddress(text: string): Address | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return addressOf(url);
}

/** What lies below an address, with its query. */
export function below({ url, headers }: Address, path: string): Address {
  const inner = new URL(url);
  inner.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  const address = addressOf(inner);
  const shown = 'authorization' in headers ? address.shown.replace('://', `://${HIDDEN}@`) : address.shown;
  return { url: address.url, headers, shown };
}

/** A text that is no address, without what may be a secret in it. */
export function hideInAddress(text: string): string {
  return hideQuery(text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, `$1${HIDDEN}@`));
}

function addressOf(given: URL): Address {
  const { protocol, host, pathname, search, username, password } = given;
  const isUser = username !== '' || password !== '';
  const shown = `${protocol}//${isUser ? `${HIDDEN}@` : ''}${host}${pathname}${hideQuery(search)}`;
  const url = new URL(given);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (!isUser) return { url, headers: {}, shown };
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { url, headers: { authorization: `Basic ${credentials.toString('base64')}` }, shown };
}
