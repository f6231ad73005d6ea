import { z } from 'zod';
import { scenarioSchema } from './schema.ts';

/** What the functions here read of a JSON schema. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  oneOf?: JsonSchema[];
  /** What stands alone, and the list of such. */
  anyOf?: JsonSchema[];
}

/** A schema of ours as JSON schema, for what an operator writes (not for what it is parsed to). */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Units say with `override` what they look like in a file; see units.ts.
      const { override } = jsonSchema as { override?: object };
      if (override) {
        delete (jsonSchema as { override?: object }).override;
        delete jsonSchema.anyOf;
        Object.assign(jsonSchema, override);
      }
      // A default that is given in parsed form says nothing to someone who writes "10s".
      if (jsonSchema.type === 'string' && typeof jsonSchema.default === 'number') delete jsonSchema.default;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as JsonSchema;
}

/** For editors: completion, descriptions and errors while one writes. */
export function scenarioJsonSchema(): JsonSchema {
  return inputSchema(scenarioSchema);
}
