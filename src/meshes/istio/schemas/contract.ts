/** One rule in CEL over a value, which is `self` in it, and what Istio says of a value that breaks it. */
export interface SchemaRule {
  readonly rule: string;
  readonly message: string;
}

/** What the schemas of Istio's custom resources say, without words. */
export interface ResourceSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, ResourceSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: ResourceSchema;
  readonly items?: ResourceSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: true;
  /** x-kubernetes-preserve-unknown-fields. */
  readonly keepsUnknown?: true;
  /** x-kubernetes-int-or-string. */
  readonly intOrString?: true;
  /** Groups of fields of which at most one may be there. */
  readonly exclusive?: readonly (readonly string[])[];
  /** x-kubernetes-list-map-keys: no two entries of the list are alike in these fields. */
  readonly uniqueBy?: readonly string[];
  /** x-kubernetes-validations. */
  readonly rules?: readonly SchemaRule[];
}

export interface ResourceSchemas {
  readonly version: string;
  /** "networking.istio.io/v1/DestinationRule" → index into `schemas`; versions mostly share one. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly schemas: readonly ResourceSchema[];
}

/** The schema of a field of a map; undefined for one that it does not know. */
export function fieldSchema(
  { properties, additionalProperties }: ResourceSchema,
  name: string,
): ResourceSchema | undefined {
  return properties && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}
