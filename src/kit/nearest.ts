import { distance } from 'fastest-levenshtein';

const mostListed = 12;

/** The candidate that was probably meant; undefined when none is close. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > 100) return undefined;
  const folded = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const apart = distance(folded, candidate.toLowerCase());
    if (apart < bestDistance && apart < candidate.length) {
      best = candidate;
      bestDistance = apart;
    }
  }
  return best;
}

/** `did you mean "x"? Allowed here: x, y, z`, unless there are more than `most`; undefined when there is nothing to say. */
export function suggest(name: string, candidates: readonly string[], most = mostListed): string | undefined {
  const meant = nearest(name, candidates);
  const parts = [
    ...(meant === undefined ? [] : [`did you mean ${quote(meant)}?`]),
    ...(candidates.length > 0 && candidates.length <= most ? [`allowed: ${candidates.join(', ')}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** A value as an error message shows it: one line, not too long. */
export function quote(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** "text", "a list", …: of a whole document, which may be a file of secrets, nothing more is said. */
export function typeOnly(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  return typeName(value);
}

/** The type with the value where it is short: "the text "x"", "a list", … for error messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  return String(value);
}
