import { ACCESS_LOG_MARK, accessLogFields } from './access-log-format.ts';

const placeOf = (name: (typeof accessLogFields)[number]['name']) =>
  accessLogFields.findIndex((field) => field.name === name);
const due = placeOf('due');
const peer = placeOf('peer');

/** ";p3.17" */
const probe = /^;p\d+\.\d+$/;

/**
 * Which request of a probe a line in `accessLogFormat` is about, and the identity on the other side, which `identityIn`
 * finds in what the line says of it; undefined for others.
 */
export function probeOfLine(
  line: string,
  identityIn: (peer: string) => string = (peer) => peer,
): { readonly mark: string; readonly peer: string | undefined } | undefined {
  const fields = line.split(' ', accessLogFields.length);
  const mark = fields[due];
  if (fields[0] !== ACCESS_LOG_MARK || mark === undefined || !probe.test(mark)) return undefined;
  const other = identityIn(fields[peer] ?? '-');
  return { mark, peer: other === '-' || other === '' ? undefined : other };
}
