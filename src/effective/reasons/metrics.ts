import type { EffectiveConfiguration } from '../../model/effective.ts';
import { known, named, unknown } from './parts.ts';
import type { CheckQuestion, Reason } from './question.ts';

/** Why metrics do not say what was asked and answered: what changes them, in the caller's sidecar. */
export function notCounted({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const { metrics = [], unused } = client;
  if (metrics.length === 0)
    return unknown(`nothing that the sidecar of ${client.instance} holds changes its metrics`);
  return known(
    `The sidecar of ${client.instance} ${metrics.map(({ why }) => why).join('; it ')}.`,
    metrics.map(({ setting }) => named('metrics', setting, String)),
    unused.filter(({ about }) => about === 'metrics'),
  );
}
