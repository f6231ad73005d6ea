import { z } from 'zod';

/** A load takes a day at most; timers overflow at 25 days, and would be over at once. */
const mostDuration = '240h';

const durationMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** "1m30s", "500ms", "2s" → milliseconds; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (durationMs[unit ?? ''] ?? Number.NaN);
  }
  return total;
}

/** "200/s", "12000/m" → requests per second. */
export function parseRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\/(s|m)$/.exec(text);
  if (!match) return undefined;
  return match[2] === 'm' ? Number(match[1]) / 60 : Number(match[1]);
}

/** "100KB/s", "1.5MB/s" → bytes per second, whole kilobytes. */
function parseBandwidth(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(KB|MB)\/s$/.exec(text);
  if (!match) return undefined;
  const kilobytes = Math.round(Number(match[1]) * (match[2] === 'MB' ? 1_000 : 1));
  return kilobytes < 1 ? undefined : kilobytes * 1_000;
}

/** "100 KB/s", "1.5 MB/s". */
export const formatBandwidth = (bytesPerSecond: number) =>
  bytesPerSecond < 1e6 ? `${bytesPerSecond / 1_000} KB/s` : `${bytesPerSecond / 1e6} MB/s`;

/** "99.9%" → 0.999. */
export function parsePercent(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (!match) return undefined;
  // Divided, 99.9 would be a little more than what 999 of 1,000 are.
  const value = Number((Number(match[1]) / 100).toPrecision(12));
  return value <= 1 ? value : undefined;
}

/** A zod field that reads `text` with `parse` and says `expected` when it can't; no more than `most` is taken. */
function unit(
  parse: (text: string) => number | undefined,
  pattern: string,
  expected: string,
  describe: string,
  most?: string,
) {
  const limit = most === undefined ? Number.POSITIVE_INFINITY : (parse(most) ?? Number.NaN);
  return z
    .union([z.string(), z.number()], { error: `expected ${expected}` })
    .transform((value, context) => {
      const parsed = parse(String(value));
      if (parsed !== undefined && parsed <= limit) return parsed;
      const wanted = parsed === undefined ? expected : `at most ${most}`;
      context.addIssue({ code: 'custom', message: `expected ${wanted}, got ${JSON.stringify(value)}` });
      return z.NEVER;
    })
    .meta({ override: { type: 'string', pattern }, description: describe });
}

/** A duration in milliseconds, written with its unit, no longer than `most`. */
export const duration = (most = mostDuration) =>
  unit(
    parseDuration,
    String.raw`^(\d+(\.\d+)?(ms|s|m|h))+$`,
    'a duration with a unit, such as 500ms, 10s or 1m30s',
    'A duration with a unit: 500ms, 10s, 1m30s.',
    most,
  );

/** A rate in requests per second, written with its unit. */
export const rate = () =>
  unit(
    parseRate,
    String.raw`^\d+(\.\d+)?/(s|m)$`,
    'a rate such as 200/s or 600/m',
    'A rate: 200/s or 600/m.',
  );

/** Bytes per second, written with their unit. */
export const bandwidth = () =>
  unit(
    parseBandwidth,
    String.raw`^\d+(\.\d+)?(KB|MB)/s$`,
    'bytes per second from 1KB/s on, such as 100KB/s or 1MB/s',
    'Bytes per second: 100KB/s or 1MB/s.',
    '1000MB/s',
  );

/** A share from 0 to 1, written as a percentage. */
export const percent = () =>
  unit(
    parsePercent,
    String.raw`^\d+(\.\d+)?%$`,
    'a percentage from 0% to 100%, such as 99.9%',
    'A percentage: 99.9%.',
  );

/** "128Mi", "1Gi", "1048576" → bytes, as Kubernetes writes them. */
function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|)$/.exec(text);
  if (!match) return undefined;
  return (
    Number(match[1]) * { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[match[2] as '' | 'Ki' | 'Mi' | 'Gi']
  );
}

/** "500m", "0.5" → processors, as Kubernetes writes them. */
function parseCores(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|)$/.exec(text);
  if (!match) return undefined;
  return match[2] === 'm' ? Number(match[1]) / 1_000 : Number(match[1]);
}

/** An amount of memory in bytes, written as Kubernetes does. */
export const bytes = () =>
  unit(
    parseBytes,
    String.raw`^\d+(\.\d+)?(Ki|Mi|Gi)?$`,
    'an amount of memory such as 128Mi',
    'Memory as Kubernetes writes it: 128Mi, 1Gi.',
  );

/** An amount of processor time per time, written as Kubernetes does. */
export const cores = () =>
  unit(
    parseCores,
    String.raw`^\d+(\.\d+)?m?$`,
    'processors such as 500m or 2',
    'Processors as Kubernetes writes them: 500m, 2.',
  );
