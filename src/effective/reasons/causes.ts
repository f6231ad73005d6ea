import type { Distrust } from '../../model/ending.ts';
import type { RequestQuestion } from './question.ts';

/** Of whoever sent them: "the client's sidecar"; "the sidecar of shop" where the app of a service has called onward. */
export const callersSidecar = ({ caller }: RequestQuestion) =>
  caller === undefined ? "the client's sidecar" : `the sidecar of ${caller}`;

const capitalised = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** How requests ended, in a sentence: what can be said without knowing the setting behind it. */
export function causeOfRequests(question: RequestQuestion): string {
  return causes[question.ended](question);
}

/** Why a certificate was not accepted. */
const refusals = {
  identity: ', which names another identity than it has to',
  expired: ', which has expired',
  authority: ', which is of an authority that it does not trust',
  unknown: '',
} as const satisfies Record<Distrust['since'], string>;

const causes: Readonly<Record<RequestQuestion['ended'], (question: RequestQuestion) => string>> = {
  overflow: (question) =>
    question.of === 'retry'
      ? `The host of ${question.service} answered ${question.status || 'with an error'}, and it was not tried again, since too many retries to it were on their way.`
      : question.side === 'server'
        ? `The sidecar of ${question.service} itself was full and refused the request at once.`
        : `What may be on the way to ${question.service} at once was, so ${callersSidecar(question)} refused the request.`,
  'no-host': (question) =>
    `${capitalised(callersSidecar(question))} had no healthy host of ${question.service} left: all were ejected, or there are none.`,
  connect: (question) =>
    question.side === 'server'
      ? `The app of ${question.service} took no connection from its own sidecar: it is not listening, or it is down.`
      : `${capitalised(callersSidecar(question))} could not connect to the host of ${question.service}: it is down, refuses or does not answer.`,
  tls: (question) => {
    const { service, distrust, apart } = question;
    const caller = capitalised(callersSidecar(question));
    if (apart === 'version') return `${caller} and the one of ${service} speak no version of TLS in common.`;
    if (distrust === undefined)
      return `${caller} and ${service} could not agree on TLS: one side speaks mTLS and the other does not, or trusts another root.`;
    if (distrust.of === 'client')
      return `The sidecar of ${service} refused the caller's certificate${refusals[distrust.since]}.`;
    return distrust.since === 'identity'
      ? `${caller} refused to speak with the host of ${service}, which has none of the identities that it has to have.`
      : `${caller} refused the certificate of ${service}${refusals[distrust.since]}.`;
  },
  reset: ({ service, side }) =>
    side === 'server'
      ? `The app of ${service} closed the connection before it had answered.`
      : `The host of ${service} closed the connection before it had answered.`,
  timeout: ({ service, of }) =>
    of === 'attempt'
      ? `The host of ${service} did not answer within the time of one attempt.`
      : of === 'idle'
        ? `Nothing moved on the request to ${service} for as long as a stream may be idle.`
        : of === 'lifetime'
          ? `The request to ${service} took longer than a connection or stream may last.`
          : `The host of ${service} did not answer within the route's timeout.`,
  denied: ({ service, policy, decidedBy }) =>
    decidedBy === 'authorizer'
      ? `The external authorizer refused the request to ${service}.`
      : decidedBy === 'token'
        ? `The request to ${service} carried no token that is accepted.`
        : policy === undefined || policy === 'none'
          ? `No policy allows this caller and request to ${service}.`
          : `A policy forbids this request to ${service}.`,
  'rate-limited': ({ service }) => `A rate limit refused the request to ${service}.`,
  overload: ({ service }) =>
    `A sidecar on the way to ${service} protected itself or its host and refused the request.`,
  'no-route': ({ service }) => `No route matched the request to ${service}.`,
  'no-cluster': ({ service }) => `The route to ${service} leads to a host or subset that does not exist.`,
  injected: ({ service }) => `The mesh configuration makes this error, in place of ${service}.`,
  'client-gone': ({ service }) =>
    `The caller went away before ${service} had answered, as when its own timeout ran out.`,
  protocol: ({ service }) => `The host of ${service} answered with something that is not valid HTTP.`,
  answered: ({ service, status }) =>
    `The app of ${service} itself answered${status === undefined ? '' : ` ${status}`}.`,
  other: ({ service, status, said, beside }) => {
    const why = beside ? 'a filter that asks by itself, as a cache does, had no answer of a host' : said;
    return `The sidecar ended the request to ${service}${status === undefined || status === 0 ? '' : ` with ${status}`}${why === undefined ? '' : `: ${why}`}.`;
  },
};
