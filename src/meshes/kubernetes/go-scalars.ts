const words: readonly [value: boolean | null, ...texts: string[]][] = [
  [true, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'],
  [false, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'],
  [null, '', '~', 'null', 'Null', 'NULL'],
];
const meanings: ReadonlyMap<string, boolean | null> = new Map(
  words.flatMap(([value, ...texts]) => texts.map((text) => [text, value] as const)),
);
const infinities = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const decimal = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
/** As Go's strconv.ParseInt reads it with base 0. */
const whole = /^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;

/**
 * What a scalar without quotes means to the YAML reader of kubectl and istiod: YAML 1.1, though neither sexagesimals
 * nor times. https://github.com/yaml/go-yaml/blob/v2.4.3/resolve.go
 */
export function goScalar(text: string): string | number | boolean | null {
  const meant = meanings.get(text);
  if (meant !== undefined) return meant;
  if (infinities.test(text)) return text.endsWith('f') || text.endsWith('F') ? signed(text) : Number.NaN;
  if (!/^[-+.\d]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const number = whole.test(plain) ? wholeNumber(plain) : decimal.test(plain) ? Number(plain) : undefined;
  // What is out of range stays text.
  return number === undefined || !Number.isFinite(number) ? text : number;
}

const signed = (text: string) => (text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);

function wholeNumber(text: string): number {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '');
  const size = Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return negative && size !== 0 ? -size : size;
}
