import { z } from 'zod';
import { printFields } from '../json.ts';
import { type Suite, suiteSchema } from './model.ts';

/** suite.json, printed as report.json is. */
export function suiteJson(suite: Suite): string {
  return printFields(suiteSchema.parse(suite));
}

/** The JSON Schema of suite.json. */
export function suiteJsonSchema(): object {
  return z.toJSONSchema(suiteSchema, { target: 'draft-2020-12' });
}
