import { z } from 'zod';
import { printFields } from '../json.ts';
import { type Runs, runsSchema } from './model.ts';

/** The list of runs, printed as report.json is. */
export function runsJson(runs: Runs): string {
  return printFields(runsSchema.parse(runs));
}

/** The JSON Schema of that list. */
export function runsJsonSchema(): object {
  return z.toJSONSchema(runsSchema, { target: 'draft-2020-12' });
}
