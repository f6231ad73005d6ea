import type { EffectiveConfiguration, Filter } from '../../model/effective.ts';
import { known, unknown } from './parts.ts';
import type { CheckQuestion, NamedSetting, Reason } from './question.ts';

/** What requests pass in sidecars beside what all have: each of that costs time. */
export function costs({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const servers = sidecars.filter(({ service }) => service === question.service);
  const filters = [
    ...client.filters,
    ...servers.flatMap(({ inbound }) => inbound.flatMap((each) => each.filters)),
  ].flatMap((filter) => setting(filter) ?? []);
  if (filters.length === 0) return unknown('nothing that the sidecars hold stands out');
  return known(
    `Requests pass ${filters.length === 1 ? 'a filter' : 'filters'} in sidecars beside what all have.`,
    filters,
  );
}

/** A filter that somebody has put in; policies are not what costs. */
function setting(filter: Filter): NamedSetting | undefined {
  return filter.kind === 'other' ? { name: 'filter', value: filter.name, from: filter.from } : undefined;
}
