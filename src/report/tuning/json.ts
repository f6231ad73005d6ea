import { z } from 'zod';
import { printFields } from '../json.ts';
import { type TuningReport, tuningSchema } from './model.ts';

/** tune.json, printed as report.json is. */
export function tuningJson(report: TuningReport): string {
  return printFields(tuningSchema.parse(report));
}

/** The JSON Schema of tune.json. */
export function tuningJsonSchema(): object {
  return z.toJSONSchema(tuningSchema, { target: 'draft-2020-12' });
}
