import { HIDDEN, hideQuery } from '../kit/hidden.ts';
import { type Path, valueAt } from '../kit/path.ts';

/** Stands for any one part of a path: the number of an entry, or what was written in its place. */
const ANY = '*';

/** The requests of a scenario, each with the fields of one: of a load, of one in a list, of a probe, of its cells. */
const requests: readonly Path[] = [
  ['load'],
  ['load', ANY],
  // A probe where the list of them should be.
  ['probes'],
  ['probes', ANY],
  ['probes', ANY, 'matrix'],
  ['probes', ANY, 'expect', 'when'],
  ['probes', ANY, 'expect', ANY, 'when'],
];
/** Fields that may hold secrets: nobody is shown what a command line gives them. */
const secretFields = requests.flatMap((path): Path[] => [
  [...path, 'headers'],
  [...path, 'body'],
]);
const addressFields: readonly Path[] = [
  ...requests.map((path): Path => [...path, 'path']),
  ['topology', 'services', ANY, 'app', 'calls', ANY, 'path'],
];

/** Whether a path begins as another does. */
const begins = (path: Path, first: Path) =>
  first.length <= path.length && first.every((part, index) => isSame(part, path[index]));
const isSame = (part: Path[number], other: Path[number] | undefined) =>
  part === ANY || other === ANY || String(part) === String(other);

/** Whether a field is one that may hold a secret, or below it. */
export const isSecret = (path: Path) => secretFields.some((field) => begins(path, field));
const isAddress = (path: Path) => addressFields.some((field) => begins(path, field));

/** The same for what is above such a field, too: its value may hold one. */
export const mayHoldSecrets = (path: Path) =>
  isSecret(path) || secretFields.some((field) => begins(field, path));

/** Whether what is said of a field may quote a secret: it is one, or stands above or below one. */
export const concernsSecrets = (path: Path) => mayHoldSecrets(path) || isAddress(path);

/** The secret texts in a value that is to stand at a path, which may be above the fields that hold them. */
export function secretsIn(path: Path, value: unknown): readonly string[] {
  if (isSecret(path)) return textsIn(value);
  if (isAddress(path)) return queriesIn(value);
  const below = (fields: readonly Path[]) =>
    fields
      .filter((field) => begins(field, path))
      .flatMap((field) => valuesAt(value, field.slice(path.length)));
  return [...below(secretFields).flatMap(textsIn), ...below(addressFields).flatMap(queriesIn)];
}

/** Every value at a path in which a part may stand for any. */
function valuesAt(value: unknown, [head, ...rest]: Path): readonly unknown[] {
  if (head === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (head === ANY) return Object.values(value).flatMap((each) => valuesAt(each, rest));
  return valuesAt(valueAt(value, [head]), rest);
}

/** The value of `--set PATH=VALUE` as it may be shown, written as it was unless it holds secrets. */
export function shownValue(path: Path, source: string, value: unknown): string {
  if (secretsIn(path, value).length === 0) return source;
  return isAddress(path) ? hideQuery(source) : HIDDEN;
}

/** Part of a command that is no assignment, without what may be a secret in it. */
export function shownText(text: string): string {
  const [, field] = /^((?:load|probes)\.(?:[^.=]+\.)*?(?:headers|body)[\w.-]*)./s.exec(text) ?? [];
  return field === undefined ? hideQuery(text) : `${field}${HIDDEN}`;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) {
    // What is no name of a header is one that stands where its value should.
    return Object.entries(value).flatMap(([name, inner]) => [
      ...(/[\s:]/.test(name) ? [name] : []),
      ...textsIn(inner),
    ]);
  }
  return value === undefined || value === null ? [] : [String(value)];
}

function queriesIn(value: unknown): string[] {
  return textsIn(value).flatMap((text) =>
    /[?=]/.test(text) ? [text, text.slice(text.indexOf('?') + 1)] : [],
  );
}
