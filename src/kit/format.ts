/** Numbers as reports show them: few digits, and never rounded across a limit that matters. */

const trimmed = (value: number, digits: number) => String(Number(value.toFixed(digits)));

/** 0.99984 → "99.984 %"; something below everything never reads "100 %". */
export function formatPercent(share: number): string {
  const text = trimmed(share * 100, 3);
  if (text === '100' && share < 1) return 'just under 100 %';
  if (text === '0' && share > 0) return 'just over 0 %';
  return `${text} %`;
}

/** 1240 → "1.24 s", 3.456 → "3.46 ms", 75_000 → "1 min 15 s". */
export function formatMs(ms: number): string {
  if (ms < 0) return `-${formatMs(-ms)}`;
  if (ms < 1_000) return `${trimmed(ms, ms < 10 ? 2 : 1)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1_000, ms < 10_000 ? 3 : 2)} s`;
  const seconds = Math.round(ms / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** 398.25 → "398.3/s". */
export function formatRate(perSecond: number): string {
  return `${trimmed(perSecond, 1)}/s`;
}

/** 12345 → "12,345". By hand: the first use of Intl takes longer than all else that a plan does. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1, "request" → "1 request"; 3 → "3 requests". */
export function plural(count: number, word: string, many = `${word}s`): string {
  return `${formatCount(count)} ${count === 1 ? word : many}`;
}
