import { HIDDEN, hideInQuery, hideQuery } from '../kit/hidden.ts';
import { refusalText as refusalBySome, refusers } from '../model/ending.ts';
import { describeTarget } from '../model/target.ts';
import type { InstanceSelector } from '../model/topology.ts';

/** Where a probe comes from: the clients of a service, or a place without a sidecar that speaks plaintext. */
export const OUTSIDE = 'outside';

/** Who refused a request: a sidecar on one side, the app itself, or nobody. */
export const refusersOrNobody = [...refusers, 'nobody'] as const;
export type Refuser = (typeof refusersOrNobody)[number];

/** What must come of a request; a field that is not given may be anything. */
export interface Expectation {
  readonly status?: number | undefined;
  /** Who must answer. */
  readonly answeredBy?: InstanceSelector | undefined;
  readonly refusedBy?: Refuser | undefined;
  /** The caller's identity as the server's sidecar saw it: a service account, a SPIFFE identity, or "none". */
  readonly identity?: string | undefined;
  /** Headers of the answer by their names in small letters: the value, or whether there has to be one. */
  readonly headers?: Readonly<Record<string, string | boolean>> | undefined;
}

/** When a probe is sent: again and again, or once; milliseconds from the start of the loads. */
export type ProbeSchedule = { readonly everyMs: number } | { readonly atMs: number };

/** One request with an expectation, worked out in full: a cell where a matrix made many. */
export interface PlannedProbe {
  /** Counted from 0, unique in the trial; its requests carry it. */
  readonly number: number;
  /** Of the probe as it is written; all cells of a matrix share it. */
  readonly name: string;
  /** A client service, or OUTSIDE. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** That it is one which is called only when it is named. */
  readonly isExtraPort?: true;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly schedule: ProbeSchedule;
  readonly expect: Expectation;
  /** What of it a command line gave, and nobody is shown: headers by name, and the query of its path. */
  readonly given: { readonly headers: readonly string[]; readonly query: boolean };
}

/** Headers and parts of a query whose values are nobody's business. */
const secretName = /authorization|cookie|token|secret|password|api-?key/i;

/** The same probe as it may be shown: without what may be a secret in it. */
export function shownProbe(probe: PlannedProbe): PlannedProbe {
  const { path, headers, body, given } = probe;
  const shown = ([name, value]: [string, string]) =>
    [name, secretName.test(name) || given.headers.includes(name) ? HIDDEN : value] as const;
  return {
    ...probe,
    path: given.query ? hideQuery(path) : hideInQuery(path, secretName),
    headers: Object.fromEntries(Object.entries(headers).map(shown)),
    body: body === undefined ? undefined : HIDDEN,
  };
}

/** "GET /admin from frontend to edge-app with edge-location: east", as it may be shown. */
export function describeProbe(probe: PlannedProbe): string {
  const { method, path, from, to, port, isExtraPort, headers } = shownProbe(probe);
  const told = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} from ${from} to ${to}${isExtraPort ? `:${port}` : ''}${told.length === 0 ? '' : ` with ${told.join(', ')}`}`;
}

/** "200, answered by edge-app-east". */
export function describeExpectation({
  status,
  answeredBy,
  refusedBy,
  identity,
  headers = {},
}: Expectation): string {
  return [
    ...(status === undefined ? [] : [String(status)]),
    ...(answeredBy === undefined ? [] : [`answered by ${describeTarget(answeredBy)}`]),
    ...(refusedBy === undefined ? [] : [refusalText(refusedBy)]),
    ...(identity === undefined ? [] : [`the server sees ${identity === 'none' ? 'no identity' : identity}`]),
    ...Object.entries(headers).map(([name, value]) =>
      value === false ? `no ${name}` : value === true ? name : `${name}: ${value}`,
    ),
  ].join(', ');
}

export function refusalText(refuser: Refuser): string {
  return refuser === 'nobody' ? 'refused by nobody' : refusalBySome(refuser);
}
