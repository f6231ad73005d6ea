import type { Setting, Unused } from '../../model/effective.ts';
import { originText, placeOf, resourceText } from '../words.ts';
import { causeOfRequests } from './causes.ts';
import type { NamedSetting, Reason, RequestQuestion } from './question.ts';

/** One setting in words, and its line where the user wrote it. */
interface Behind {
  readonly setting: string;
  readonly source?: string;
}

/** A reason in the shape of a report: a cause, the setting behind it, and what else has a part in it. */
export interface TextOfReason extends Behind {
  readonly cause: string;
  readonly others?: readonly Behind[];
}

/** "DestinationRule/edge-app-dr spec.subsets[0]….http1MaxPendingRequests: 50", and so on; undefined when it is not known. */
export function textOfReason(reason: Reason): TextOfReason | undefined {
  if (!reason.known) return undefined;
  const { cause, settings, instead } = reason;
  const [first, ...others] = [...settings.map(inEffect), ...instead.map(notInEffect)];
  if (first === undefined) return { cause, setting: 'no setting of the mesh decides this' };
  return { cause, ...first, ...(others.length === 0 ? {} : { others }) };
}

/** The reason of requests in that shape, known or not: how they ended is told all the same. */
export function textOfRequests(reason: Reason, question: RequestQuestion): TextOfReason {
  const told = textOfReason(reason);
  if (told !== undefined) return told;
  const why = reason.known ? '' : reason.why;
  return { cause: causeOfRequests(question), setting: `not known which setting: ${why}` };
}

function inEffect({ name, value, from }: NamedSetting): Behind {
  return from.by === 'setting'
    ? { setting: `${pathOf(from)}: ${value}`, source: placeOf(from) }
    : { setting: `${name}: ${value} (${originText(from)})` };
}

function notInEffect({ setting, why }: Unused): Behind {
  return { setting: `${pathOf(setting)} is not in effect: ${why}`, source: placeOf(setting) };
}

/** "DestinationRule/edge-app-dr spec.trafficPolicy.outlierDetection". */
const pathOf = ({ resource, path }: Setting) => `${resourceText(resource)} ${path}`.trim();
