import type { EffectiveConfiguration, Sidecar, Tracing, Unused } from '../../model/effective.ts';
import { shareText } from '../words.ts';
import { known, named, unknown } from './parts.ts';
import type { CheckQuestion, NamedSetting, Reason } from './question.ts';

/** Why sidecars do not report requests as traces, or not as many of them, or not all that passed them. */
export function notTraced({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  const calls = client?.tracing?.calls;
  if (client === undefined || calls === undefined)
    return unknown(`what the sidecar of ${question.client} reports of traces was not read`);
  const servers = sidecars.filter(({ service }) => service === question.service);
  for (const [sidecar, tracing, what] of [
    [client, calls, 'of its calls'] as const,
    ...servers.map((server) => [server, server.tracing?.served, 'of what comes to it'] as const),
  ]) {
    if (tracing?.off !== undefined) return silent(sidecar, what, tracing.off);
  }
  return known(
    `The sidecar of ${client.instance} decides for each request whether it is traced; all others follow it.`,
    [named('sampled', calls.sampled, shareText), ...provider(calls)],
    unusedIn(client),
  );
}

function silent(sidecar: Sidecar, what: string, { why, settings }: NonNullable<Tracing['off']>): Reason {
  return known(
    `The sidecar of ${sidecar.instance} reports nothing ${what}: ${why}.`,
    settings.map((from): NamedSetting => ({ name: from.path, value: from.written ?? 'no provider', from })),
    unusedIn(sidecar),
  );
}

const provider = ({ provider: to }: Tracing): readonly NamedSetting[] =>
  to === undefined ? [] : [named('provider', to, String)];

const unusedIn = ({ unused }: Sidecar): readonly Unused[] =>
  unused.filter(({ about }) => about === 'tracing');
