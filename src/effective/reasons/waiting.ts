import type { Route, Sidecar } from '../../model/effective.ts';
import { timeText } from '../words.ts';
import { common, insteadOf, known, named } from './parts.ts';
import type { Reason } from './question.ts';

/** Why callers wait for longer than that for a host that answers late or never; undefined where their routes end it. */
export function waiting({
  client,
  service,
  routes,
  withinMs,
}: {
  readonly client: Sidecar;
  readonly service: string;
  readonly routes: readonly Route[];
  readonly withinMs: number;
}): Reason | undefined {
  const limit = common(routes, ({ action }) => (action.does === 'forward' ? action.timeoutMs : undefined));
  if (limit === undefined || (limit.value !== null && limit.value <= withinMs)) return undefined;
  const howLong = limit.value === null ? 'without end' : `for up to ${timeText(limit.value)}`;
  return known(
    `A host of ${service} that answers late or never keeps its callers waiting ${howLong}, which is what the route allows.`,
    [named('timeout', limit, timeText)],
    insteadOf(client, service, 'timeout'),
  );
}
