import { z } from 'zod';
import { quote } from '../kit/nearest.ts';
import { DUE_HEADER } from '../model/evidence.ts';

const oneConnection = 'it belongs to one connection, and every sidecar on the way has its own';
const byK6 = 'k6 sets it by itself, from load.to and the body';

/** Headers that would break the load or what is read from it, and why. */
const refusedHeaders: Readonly<Record<string, string>> = {
  [DUE_HEADER]: 'Breakwater says in it when a request was due',
  'x-request-id': 'one for all requests, and none can be followed to its server',
  host: byK6,
  'content-length': byK6,
  'transfer-encoding': byK6,
  connection: oneConnection,
  'keep-alive': oneConnection,
  'proxy-connection': oneConnection,
  te: oneConnection,
  trailer: oneConnection,
  upgrade: oneConnection,
};

const refusal = (name: string) => {
  const lower = name.toLowerCase();
  return Object.hasOwn(refusedHeaders, lower) ? refusedHeaders[lower] : undefined;
};

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
    error: ({ input }) =>
      `expected a header's name, such as x-tenant: no blanks, no colon; got ${quote(input)}`,
    abort: true,
  })
  .refine((name) => refusal(name) === undefined, {
    error: ({ input }) => `leave the header ${String(input)} out; ${refusal(String(input))}`,
  });

/** A tab is the one control character that a header may have. */
const headerValue = z
  .string()
  .regex(
    /^(?:\t|\P{Cc})*$/u,
    "expected a header's value: one line of text without control characters (in YAML, >- folds lines without adding one)",
  );

/** By name, for every request. */
export const headers = () => z.record(headerName, headerValue);

/** As k6 sends it: what a URL has no place for comes percent-encoded. */
export const requestPath = () =>
  z
    .string()
    .regex(
      /^\/([!"$&-~]|%[0-9A-Fa-f]{2})*$/,
      'expected a path that starts with /; blanks, #, % and what is not ASCII are written as in %20',
    );
