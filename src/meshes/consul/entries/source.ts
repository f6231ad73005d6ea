import { type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { parseYaml } from '../../../kit/yaml-source.ts';
import type { MeshFile } from '../../../model/mesh-configuration.ts';
import { readKubernetesYaml } from '../../kubernetes/documents.ts';
import { parseHcl } from '../hcl.ts';

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
  // HCL may be JSON.
  if (/\.hcl$/i.test(file) && !/^\s*\{/.test(content)) {
    const read = parseHcl(content, file);
    if ('problem' in read) return { sources: [], problems: [read.problem] };
    const isEmpty = Object.keys(read.document.value as object).length === 0;
    return { sources: isEmpty ? [] : [read.document], problems: [] };
  }
  const { documents, problems } = /^\s*[[{]/.test(content)
    ? parseYaml(content, file)
    : readKubernetesYaml(content, file);
  const sources = documents.flatMap((document) =>
    Array.isArray(document.value) ? document.value.map((_, index) => document.part([index])) : [document],
  );
  return { sources, problems };
}
