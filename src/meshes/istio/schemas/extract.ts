import { parseAllDocuments } from 'yaml';
import type { ResourceSchema, ResourceSchemas, SchemaRule } from './contract.ts';

/** JSON schema as a custom resource definition carries it. */
type Raw = Readonly<Record<string, unknown>>;

const kept = [
  'type',
  'required',
  'enum',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const;

/** Says nothing about which values are allowed. */
const dropped = ['description', 'default'];

/** crd-all.gen.yaml → schemas of every kind and served version. Throws on anything it does not know. */
export function extractSchemas(yaml: string, version: string): ResourceSchemas {
  const schemas: string[] = [];
  const kinds: Record<string, number> = {};
  for (const document of parseAllDocuments(yaml)) {
    const crd = document.toJS();
    if (crd === null) continue;
    for (const { name, served, schema } of crd.spec.versions) {
      if (!served) continue;
      const text = JSON.stringify(compact(schema.openAPIV3Schema));
      if (!schemas.includes(text)) schemas.push(text);
      kinds[`${crd.spec.group}/${name}/${crd.spec.names.kind}`] = schemas.indexOf(text);
    }
  }
  return { version, kinds, schemas: schemas.map((text) => JSON.parse(text)) };
}

function compact(raw: Raw): ResourceSchema {
  const schema: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(raw)) {
    if (kept.some((name) => name === keyword)) schema[keyword] = value;
    else if (keyword === 'properties') {
      schema['properties'] = Object.fromEntries(
        Object.entries(value as Record<string, Raw>).map(([name, inner]) => [name, compact(inner)]),
      );
    } else if (keyword === 'items' || keyword === 'additionalProperties')
      schema[keyword] = compact(value as Raw);
    else if (keyword === 'nullable') {
      if (value === true) schema['nullable'] = true;
    } else if (keyword === 'x-kubernetes-preserve-unknown-fields') schema['keepsUnknown'] = true;
    else if (keyword === 'x-kubernetes-int-or-string') schema['intOrString'] = true;
    else if (keyword === 'x-kubernetes-validations') schema['rules'] = (value as readonly Raw[]).map(rule);
    else if (keyword === 'x-kubernetes-list-map-keys') schema['uniqueBy'] = value;
    else if (keyword === 'x-kubernetes-list-type') {
      if (value !== 'map')
        throw new Error(`a schema of Istio's has lists of the type ${value}, which is new here`);
    } else if (keyword === 'oneOf') schema['exclusive'] = [exclusiveFields(value)];
    else if (keyword === 'allOf') {
      schema['exclusive'] = (value as readonly Raw[]).map(({ oneOf, ...others }) => {
        if (Object.keys(others).length > 0) throw new Error(`allOf with ${Object.keys(others).join(', ')}`);
        return exclusiveFields(oneOf);
      });
    } else if (keyword === 'anyOf' && raw['x-kubernetes-int-or-string'] === true) continue;
    else if (!dropped.includes(keyword))
      throw new Error(`a schema of Istio's has ${keyword}, which is new here`);
  }
  return schema;
}

function rule({ rule, message, ...others }: Raw): SchemaRule {
  if (typeof rule !== 'string' || typeof message !== 'string' || Object.keys(others).length > 0) {
    throw new Error(`a rule of Istio's has a new form: ${JSON.stringify({ rule, message, ...others })}`);
  }
  return { rule, message };
}

/** How a protobuf `oneof` looks in a definition: none of the fields, or exactly one of them. */
function exclusiveFields(oneOf: unknown): string[] {
  const [none, ...each] = oneOf as readonly Raw[];
  const fields = each.map(requiredField);
  const inNone = ((none?.['not'] as Raw | undefined)?.['anyOf'] as readonly Raw[] | undefined)?.map(
    requiredField,
  );
  if (JSON.stringify(inNone) !== JSON.stringify(fields)) {
    throw new Error(`a schema of Istio's has a oneOf of a new form: ${JSON.stringify(oneOf)}`);
  }
  return fields;
}

function requiredField(raw: Raw): string {
  const required = raw['required'] as readonly string[] | undefined;
  if (Object.keys(raw).length !== 1 || required?.length !== 1) {
    throw new Error(`expected one required field, got ${JSON.stringify(raw)}`);
  }
  return required[0] ?? '';
}
