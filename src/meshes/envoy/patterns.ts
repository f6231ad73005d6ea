/** What RE2, which reads the regular expressions of sidecars, has not, and others have. */
const foreign: readonly (readonly [what: RegExp, name: string])[] = [
  [/\(\?<?[=!]/, 'it looks ahead or behind, (?=…), which RE2 cannot'],
  [/\(\?>/, 'an atomic group, (?>…), is nothing of RE2'],
  [/\\[1-9]|\\k</, 'it refers back to a group, \\1, which RE2 cannot'],
];

/** Why a sidecar refuses a regular expression; undefined where it does not, as far as that can be told from here. */
export function mistakeInPattern(pattern: string): string | undefined {
  const plain = pattern.replaceAll(/\\\\/g, '');
  const found = foreign.find(([what]) => what.test(plain));
  if (found !== undefined) return found[1];
  // What RE2 writes otherwise.
  const translated = pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?[imsU-]+\)/g, '')
    .replaceAll(/\(\?[imsU-]+:/g, '(?:');
  try {
    new RegExp(translated);
    return undefined;
  } catch (error) {
    const [, why = 'it is none'] = /: ([^:]+)$/.exec((error as Error).message) ?? [];
    return why.charAt(0).toLowerCase() + why.slice(1);
  }
}
