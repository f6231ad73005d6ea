import { originText, placeOf } from '../words.ts';
import { causeOfRequests } from './causes.ts';
import type { NamedSetting, Reason, RequestQuestion } from './question.ts';

/** A reason in the shape of a report: a cause, the setting, and the line of it that the user wrote. */
export interface TextOfReason {
  readonly cause: string;
  readonly setting: string;
  readonly source?: string;
}

/** "http1MaxPendingRequests: 50 (DestinationRule/edge-app-dr spec.subsets[0]…), maxConnections: …"; undefined when it is not known. */
export function textOfReason(reason: Reason): TextOfReason | undefined {
  if (!reason.known) return undefined;
  const { cause, settings, instead } = reason;
  const written = [...settings.map(({ from }) => from), ...instead.map(({ setting }) => setting)].find(
    (from) => from.by === 'setting',
  );
  const unused = instead.map(
    ({ setting, why }) => `${placeOf(setting)} ${setting.path} is not in effect: ${why}`,
  );
  return {
    cause,
    setting: [...settings.map(settingText), ...unused].join('; ') || 'no setting of the mesh decides this',
    ...(written?.by === 'setting' ? { source: placeOf(written) } : {}),
  };
}

/** The reason of requests in that shape, known or not: how they ended is told all the same. */
export function textOfRequests(reason: Reason, question: RequestQuestion): TextOfReason {
  const told = textOfReason(reason);
  if (told !== undefined) return told;
  const why = reason.known ? '' : reason.why;
  return { cause: causeOfRequests(question), setting: `not known which setting: ${why}` };
}

function settingText({ name, value, from }: NamedSetting): string {
  if (from.by === 'setting') {
    const { kind, name: of } = from.resource;
    return `${kind}/${of} ${from.path}: ${value}`;
  }
  return `${name}: ${value} (${originText(from)})`;
}
