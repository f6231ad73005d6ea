import type { IncomingHttpHeaders } from 'node:http';
import type { Response } from './carrier.ts';

export const MAX_BODY_BYTES = 1_048_576;

/** What an answer is like unless its request says otherwise. */
export interface AnswerDefaults {
  /** Size of the body; as long as it takes unless given. */
  readonly bytes: number | undefined;
  /** For how many seconds it may be cached; nothing is said of that unless given. */
  readonly maxAgeS: number | undefined;
}

/** How requests are answered. Each writes a whole response and returns its status, or the one of HTTP that says the same. */
export interface Answering {
  ok(response: Response, url: string, headers: IncomingHttpHeaders): number;
  error(response: Response, status: number, message: string): number;
  queueFull(response: Response): number;
}

/** What the app answers, prebuilt as far as it goes. */
export class Answers implements Answering {
  /** Shutting down: every answer is the last one on its connection. */
  endConnections = false;
  readonly #identity: string;
  readonly #identityHeaders: readonly string[];
  readonly #padding = Buffer.alloc(MAX_BODY_BYTES, ' ');
  readonly #defaults: AnswerDefaults;
  readonly #defaultHeaders: readonly string[];

  constructor(instance: string, zone: string, defaults: AnswerDefaults) {
    this.#defaults = defaults;
    this.#defaultHeaders = cacheHeaders(defaults.maxAgeS);
    this.#identity = `{"instance":${JSON.stringify(instance)},"zone":${JSON.stringify(zone)},`;
    this.#identityHeaders = ['x-edge-app-instance', instance, 'x-edge-app-zone', zone];
  }

  /**
   * 200 with who answered. `?bytes=N` makes the body N bytes long, `?max-age=N` makes it cacheable for that long, and
   * `?cache-control=` says something else of that; `?echo=`, `?vary=` and `?set-cookie=` name a header of the request.
   */
  ok(response: Response, url: string, headers: IncomingHttpHeaders): number {
    const queryAt = url.indexOf('?');
    if (queryAt < 0) {
      const path = `"path":${JSON.stringify(url)}`;
      return this.#json(response, 200, path, this.#defaultHeaders, this.#defaults.bytes);
    }

    const query = new URLSearchParams(url.slice(queryAt + 1));
    const bytes = query.get('bytes');
    const maxAge = query.get('max-age');
    if (bytes !== null && !(isWhole(bytes) && Number(bytes) <= MAX_BODY_BYTES)) {
      return this.error(
        response,
        400,
        `bytes: expected a whole number up to ${MAX_BODY_BYTES}, got ${bytes}`,
      );
    }
    if (maxAge !== null && !isWhole(maxAge)) {
      return this.error(response, 400, `max-age: expected a whole number of seconds, got ${maxAge}`);
    }
    return this.#json(
      response,
      200,
      `"path":${JSON.stringify(url.slice(0, queryAt))}`,
      [
        ...(maxAge === null ? this.#defaultHeaders : cacheHeaders(Number(maxAge))),
        ...headersFor(query, headers),
      ],
      bytes === null ? this.#defaults.bytes : Number(bytes),
    );
  }

  error(response: Response, status: number, message: string): number {
    return this.#json(response, status, `"error":${JSON.stringify(message)}`);
  }

  queueFull(response: Response): number {
    return this.text(response, 503, 'queue full', 'text/plain', ['x-edge-app-overload', '1']);
  }

  text(
    response: Response,
    status: number,
    body: string,
    contentType: string,
    headers: readonly string[] = [],
  ): number {
    this.#head(response, status, contentType, Buffer.byteLength(body), headers);
    response.end(body);
    return status;
  }

  #json(
    response: Response,
    status: number,
    rest: string,
    headers: readonly string[] = [],
    bytes?: number,
  ): number {
    const body = `${this.#identity}${rest}}`;
    if (bytes === undefined) return this.text(response, status, body, 'application/json', headers);

    this.#head(response, status, 'application/json', bytes, headers);
    // Trailing spaces keep it JSON; where not even the JSON fits, only the size counts.
    const roomBytes = bytes - Buffer.byteLength(body);
    if (roomBytes >= 0) response.write(body);
    response.end(this.#padding.subarray(0, roomBytes >= 0 ? roomBytes : bytes));
    return status;
  }

  #head(
    response: Response,
    status: number,
    contentType: string,
    bytes: number,
    headers: readonly string[],
  ): void {
    if (this.endConnections && 'shouldKeepAlive' in response) response.shouldKeepAlive = false;
    response.writeHead(status, [
      'content-type',
      contentType,
      'content-length',
      String(bytes),
      ...this.#identityHeaders,
      ...headers,
    ]);
  }
}

const cacheHeaders = (maxAgeS: number | undefined): readonly string[] =>
  maxAgeS === undefined ? [] : ['cache-control', `max-age=${maxAgeS}`];

/** What an answer says of its request: whose it is, whom it is for, and who may keep it. */
function headersFor(query: URLSearchParams, headers: IncomingHttpHeaders): readonly string[] {
  const said = (name: string) => String(headers[name.toLowerCase()] ?? '-');
  const cacheControl = query.get('cache-control');
  const [echo, vary, cookie] = ['echo', 'vary', 'set-cookie'].map((field) => query.get(field));
  return [
    ...(cacheControl === null ? [] : ['cache-control', printable(cacheControl)]),
    ...(echo ? ['x-edge-app-echo', said(echo)] : []),
    ...(vary ? ['vary', printable(vary)] : []),
    ...(cookie ? ['set-cookie', `session=${said(cookie)}`] : []),
  ];
}

/** Without what may not stand in a header. */
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '');

function isWhole(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
