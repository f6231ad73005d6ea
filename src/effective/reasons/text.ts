import { originText, placeOf } from '../words.ts';
import type { NamedSetting, Reason } from './question.ts';

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
    setting: [...settings.map(settingText), ...unused].join('; '),
    ...(written?.by === 'setting' ? { source: placeOf(written) } : {}),
  };
}

function settingText({ name, value, from }: NamedSetting): string {
  if (from.by === 'setting') {
    const { kind, name: of } = from.resource;
    return `${kind}/${of} ${from.path}: ${value}`;
  }
  return `${name}: ${value} (${originText(from)})`;
}
