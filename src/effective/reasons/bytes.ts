import { limitText } from '../words.ts';
import { callersSidecar, causeOfRequests } from './causes.ts';
import { common, known, named, type RequestScene, unknown } from './parts.ts';
import type { NamedSetting, Reason } from './question.ts';

/** The setting behind connections on which a sidecar passes on bytes, and that ended without success: no route has a part in it. */
export function reasonOfBytes(
  { question, clusters }: Pick<RequestScene, 'question' | 'clusters'>,
  ejection: readonly NamedSetting[],
): Reason {
  const { service, ended, side } = question;
  const limits = common(clusters, (cluster) => cluster.limits);
  if (ended === 'overflow' && side === 'client') {
    return limits === undefined
      ? unknown(`which limits connections to ${service} met is not known`)
      : known(
          `As many connections to ${service} as may be were open, so ${callersSidecar(question)} closed a further one at once: of bytes none waits. The limit holds for each sidecar that calls.`,
          [named('connections', limits.connections, limitText)],
        );
  }
  if (ended !== 'connect') return unknown('of bytes no setting of the mesh decides this');
  return known(`${causeOfRequests(question)} Of bytes nothing is tried again elsewhere.`, ejection);
}
