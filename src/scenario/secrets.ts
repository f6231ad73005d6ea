import { HIDDEN, hideQuery } from '../kit/hidden.ts';
import { type Path, valueAt } from '../kit/path.ts';

/** Fields that may hold secrets: nobody is shown what a command line gives them. */
const secretFields: readonly Path[] = [
  ['load', 'headers'],
  ['load', 'body'],
];
const addressField: Path = ['load', 'path'];

/** A path as if there were one load: one of a list has a number between "load" and its field. */
const ofOneLoad = (path: Path): Path =>
  path[0] === 'load' && /^\d+$/.test(String(path[1])) ? ['load', ...path.slice(2)] : path;

const begins = (path: Path, first: Path) => first.every((part, index) => String(path[index]) === part);

/** Whether a field is one that may hold a secret, or below it. */
export const isSecret = (path: Path) => secretFields.some((field) => begins(ofOneLoad(path), field));

/** The same for what is above such a field, too: its value may hold one. */
export const mayHoldSecrets = (path: Path) =>
  isSecret(path) || secretFields.some((field) => begins(field, ofOneLoad(path)));

/** Whether what is said of a field may quote a secret: it is one, or stands above or below one. */
export const concernsSecrets = (path: Path) => mayHoldSecrets(path) || begins(ofOneLoad(path), addressField);

/** The secret texts in a value that is to stand at a path, which may be above the fields that hold them. */
export function secretsIn(written: Path, value: unknown): readonly string[] {
  const path = ofOneLoad(written);
  if (written.length === 0) return secretsIn(['load'], valueAt(value, ['load']));
  if (isSecret(path)) return textsIn(value);
  if (written.length === 1 && path[0] === 'load' && Array.isArray(value))
    return value.flatMap((load) => secretsIn(path, load));
  if (begins(path, addressField)) return queriesIn(value);
  const below = (field: Path) => (begins(field, path) ? valueAt(value, field.slice(path.length)) : undefined);
  return [...secretFields.flatMap((field) => textsIn(below(field))), ...queriesIn(below(addressField))];
}

/** The value of `--set PATH=VALUE` as it may be shown, written as it was unless it holds secrets. */
export function shownValue(path: Path, source: string, value: unknown): string {
  if (secretsIn(path, value).length === 0) return source;
  return begins(ofOneLoad(path), addressField) ? hideQuery(source) : HIDDEN;
}

/** Part of a command that is no assignment, without what may be a secret in it. */
export function shownText(text: string): string {
  const [, field] = /^(load\.(?:\d+\.)?(?:headers|body)[\w.-]*)./s.exec(text) ?? [];
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
