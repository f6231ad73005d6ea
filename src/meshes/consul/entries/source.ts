import { isMap, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { parseYaml } from '../../../kit/yaml-source.ts';
import type { MeshFile } from '../../../model/mesh-configuration.ts';
import { readKubernetesYaml } from '../../kubernetes/documents.ts';
import { parseHcl } from '../hcl.ts';
import { mistakeInJson, mistakeInText } from './text.ts';

/** A part of a file with one entry in it: its value as written, and where each field of it stands. */
export interface EntrySource {
  readonly value: unknown;
  place(path: Path, of?: 'key' | 'value'): { readonly line: number; readonly column: number };
}

/** A map of Consul's own, or a custom resource of consul-k8s. */
export const isCustomResource = (value: unknown) => valueAt(value, ['apiVersion']) !== undefined;

/** The entries in a file: HCL by its ending, JSON and custom resources by what is in it. */
export function sourcesIn({ file, content }: MeshFile): {
  readonly sources: readonly EntrySource[];
  readonly problems: readonly Problem[];
} {
  const isYaml = /\.ya?ml$/i.test(file);
  const inText = isYaml ? undefined : mistakeInText(content, file);
  if (inText !== undefined) return { sources: [], problems: [inText] };
  // HCL may be JSON.
  if (/\.hcl$/i.test(file) && !/^\s*\{/.test(content)) {
    const read = parseHcl(content, file);
    if ('problem' in read) return { sources: [], problems: [read.problem] };
    const isEmpty = Object.keys(read.document.value as object).length === 0;
    return { sources: isEmpty ? [] : [read.document], problems: [] };
  }
  const isJson = !isYaml && /^\s*[[{]/.test(content);
  const inJson = isJson ? mistakeInJson(content, file) : undefined;
  if (inJson !== undefined) return { sources: [], problems: [inJson] };
  // What is JSON is YAML, whose reader knows where each field stands.
  const { documents, problems } = isJson ? parseYaml(content, file) : readKubernetesYaml(content, file);
  const sources = documents.flatMap((document) =>
    Array.isArray(document.value) ? document.value.map((_, index) => document.part([index])) : [document],
  );
  if (isJson) return { sources, problems };
  const isForeign = ({ value }: EntrySource) => isMap(value) && !isCustomResource(value);
  return {
    sources: sources.filter((source) => !isForeign(source)),
    problems: [...problems, ...sources.filter(isForeign).map((source) => notInYaml(source, file))],
  };
}

const notInYaml = (source: EntrySource, file: string): Problem => ({
  file,
  ...source.place([]),
  message: 'in YAML there are custom resources of consul-k8s alone, with their apiVersion',
  hint: 'write apiVersion: consul.hashicorp.com/v1alpha1, kind, metadata and spec; or the entry in HCL or JSON',
});
