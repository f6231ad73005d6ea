import type { MeshResource } from '../../model/mesh-configuration.ts';
import { goScalar } from './go-scalars.ts';

/** What no reader can take for anything but this text. */
const plainText = /^[A-Za-z][\w./-]*$/;
const unsafe = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A resource with the namespace it is in, as `kubectl apply -n NAMESPACE` writes it where it names none. */
export function inItsNamespace({ value, namespace }: MeshResource): { readonly metadata: object } {
  return { ...value, metadata: { ...(value['metadata'] as object | undefined), namespace } };
}

/** Resources as YAML that every reader of YAML reads the same: text is in quotes wherever one could doubt it. */
export function writeKubernetesYaml(resources: readonly object[]): string {
  return resources.map((resource) => `${block(resource, '')}\n`).join('---\n');
}

/** A value behind a key or dash, or at the top: on the same line, or on lines of its own. */
function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item) => `${indent}-${behind(item, `${indent}  `)}`).join('\n');
  }
  if (typeof value !== 'object' || value === null) return scalar(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  return fields.map(([name, field]) => `${indent}${scalar(name)}:${behind(field, `${indent}  `)}`).join('\n');
}

function behind(value: unknown, indent: string): string {
  const nested = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  return nested ? `\n${block(value, indent)}` : ` ${block(value, indent)}`;
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (plainText.test(value) && goScalar(value) === value) return value;
  return JSON.stringify(value).replace(unsafe, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
