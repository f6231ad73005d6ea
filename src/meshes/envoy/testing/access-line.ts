import { ACCESS_LOG_MARK, type AccessLogField, accessLogFields } from '../access-log-format.ts';

/** One line of an access log for tests; fields that are not given are empty. */
export function accessLine(fields: Partial<Record<AccessLogField, string | number>>): string {
  return `${accessLogFields
    .map(({ name }) => (name === 'mark' ? ACCESS_LOG_MARK : String(fields[name] ?? '-')))
    .join(' ')}\n`;
}
