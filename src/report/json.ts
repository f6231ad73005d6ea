import { z } from 'zod';
import { withoutDisguises } from '../kit/visible.ts';
import { type Report, reportSchema } from './model.ts';

/** report.json: one line a field and one line a list of plain values, so that two runs can be diffed. */
export function json(report: Report): string {
  return printFields(reportSchema.parse(report));
}

/** A value that fits its schema, one line a field and one line a list of plain values. */
export function printFields(value: object): string {
  return `${withoutDisguises(print(value, ''))}\n`;
}

/** The JSON Schema of report.json. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema, { target: 'draft-2020-12' });
}

function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object' || item === null)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + print(item, inner)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([key, field]) => `${inner}${JSON.stringify(key)}: ${print(field, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
