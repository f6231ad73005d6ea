import { typeOnly } from '../../kit/nearest.ts';
import { isMap, type Path } from '../../kit/path.ts';
import type { Mistake, Problem } from '../../kit/problems.ts';
import type { YamlDocument } from '../../kit/yaml-source.ts';
import type { MeshFile, MeshResource } from '../../model/mesh-configuration.ts';
import { readKubernetesYaml } from '../kubernetes/documents.ts';
import { unknownKind, versionsOf } from './configuration-kinds.ts';
import { mistakesAgainst } from './configuration-schema.ts';
import type { ResourceSchema, ResourceSchemas } from './schemas/contract.ts';
import generated from './schemas/istio-1.29.1.generated.json' with { type: 'json' };
import { celRules, type KeepsRule } from './schemas/rules.ts';

const { kinds, schemas, version } = generated as unknown as ResourceSchemas;

/** A resource that can also tell columns. */
export interface PlacedResource extends MeshResource {
  problem(path: Path, message: string, hint?: string, at?: 'key' | 'value'): Problem;
}

interface ParsedConfiguration {
  readonly resources: readonly PlacedResource[];
  /** Those of them that have no mistakes of their own. */
  readonly sound: readonly PlacedResource[];
  readonly problems: readonly Problem[];
  /** Whether there are files and nothing is in any; one of several may be empty, as templates that are switched off leave it. */
  readonly empty: boolean;
}

/** Splits files into resources and checks each by itself: syntax, kind, fields, duplicates. */
export function parseConfiguration(
  files: readonly MeshFile[],
  namespace: string,
  keeps = celRules(),
): ParsedConfiguration {
  const resources: PlacedResource[] = [];
  const sound: PlacedResource[] = [];
  const problems: Problem[] = [];
  const empty: string[] = [];
  for (const { file, content } of files) {
    const { documents, problems: inSyntax } = readKubernetesYaml(content, file);
    problems.push(...inSyntax);
    if (documents.length === 0 && inSyntax.length === 0) empty.push(file);
    for (const document of documents) {
      const resource = placed(document, file, namespace);
      const mistakes = mistakesIn(document, keeps);
      problems.push(
        ...mistakes
          .map(({ path, message, hint, at }) => resource.problem(path, message, hint, at))
          .sort(asWritten),
      );
      if (mistakes.length === 0) sound.push(resource);
      // What has no kind or name of its own would only be blamed a second time for that.
      if (!mistakes.some(({ path }) => path.length < 2 || path[0] === 'metadata')) resources.push(resource);
    }
  }
  problems.push(...duplicates(resources));
  return { resources, sound, problems, empty: empty.length > 0 && empty.length === files.length };
}

const asWritten = (a: Problem, b: Problem) =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** That a file has nothing but comments. */
export const nothingIn = (file: string): Problem => ({
  file,
  line: 1,
  column: 1,
  message: 'there is no resource in this file',
});

function placed(document: YamlDocument, file: string, defaultNamespace: string): PlacedResource {
  const value = isMap(document.value) ? document.value : {};
  const metadata = isMap(value['metadata']) ? value['metadata'] : {};
  const text = (from: Record<string, unknown>, name: string) =>
    typeof from[name] === 'string' ? from[name] : undefined;
  return {
    apiVersion: text(value, 'apiVersion') ?? '',
    kind: text(value, 'kind') ?? '',
    name: text(metadata, 'name') ?? '',
    namespace: text(metadata, 'namespace') ?? defaultNamespace,
    value,
    file,
    line: document.place([]).line,
    lineOf: (path) => document.place(path, 'key').line,
    problem(path, message, hint, at = 'value') {
      const place = document.place(path, at);
      return { file, ...place, path: path.join('.'), message, ...(hint === undefined ? {} : { hint }) };
    },
  };
}

function mistakesIn(document: YamlDocument, keeps: KeepsRule): readonly Mistake[] {
  const { value } = document;
  const wrong = (path: Path, message: string, hint?: string): Mistake[] => [
    { path, at: 'value', message, hint },
  ];
  if (!isMap(value))
    return wrong([], `expected a resource (apiVersion, kind, metadata, spec), got ${typeOnly(value)}`);
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '') return wrong(['kind'], 'missing; a resource says its kind');
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    const versions = versionsOf(kind, Object.keys(kinds));
    return wrong(['apiVersion'], 'missing; a resource says its apiVersion', versions[0]);
  }
  const schema = schemas[kinds[`${apiVersion}/${kind}`] ?? -1];
  if (!schema) return [unknownKind(apiVersion, kind, Object.keys(kinds), version)];
  const resource = {
    ...schema,
    properties: { ...schema.properties, apiVersion: text, kind: text, metadata },
  };
  return mistakesAgainst(
    { ...resource, required: [...(schema.required ?? []), 'metadata'] },
    value,
    document,
    keeps,
  );
}

function duplicates(resources: readonly PlacedResource[]): Problem[] {
  const seen = new Map<string, PlacedResource>();
  return resources.flatMap((resource) => {
    // Versions of one kind are the same resource to an API server.
    const group = resource.apiVersion.split('/')[0];
    const id = `${group}/${resource.kind} ${resource.namespace}/${resource.name}`;
    const first = seen.get(id);
    seen.set(id, first ?? resource);
    if (!first) return [];
    const message = `${resource.kind} ${resource.namespace}/${resource.name} is there already`;
    return [
      resource.problem(['metadata', 'name'], message, `${first.file}:${first.lineOf(['metadata', 'name'])}`),
    ];
  });
}

const text: ResourceSchema = { type: 'string' };
const texts: ResourceSchema = { type: 'object', additionalProperties: text };
const anything: ResourceSchema = {};

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
const metadata: ResourceSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 },
    namespace: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
    labels: texts,
    annotations: texts,
    generateName: text,
    finalizers: { type: 'array', items: text },
    ownerReferences: anything,
    managedFields: anything,
    creationTimestamp: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: anything,
    generation: anything,
    resourceVersion: anything,
    selfLink: anything,
    uid: anything,
  },
};
