import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeOutput } from '../../kit/output-file.ts';
import type { ReportFormat } from '../index.ts';
import { printFields } from '../json.ts';
import { readVersioned } from '../read.ts';
import type { TerminalOptions } from '../terminal.ts';
import { comparisonHtml } from './html.ts';
import { comparisonMarkdown } from './markdown.ts';
import { COMPARISON_SCHEMA, type ComparisonReport, comparisonSchema } from './model.ts';
import { comparisonTerminal } from './terminal.ts';

interface ComparisonFormat {
  readonly file?: string;
  render(report: ComparisonReport, terminal: TerminalOptions): string;
}

/** The formats of a comparison; it is no list of tests, so JUnit has none. */
export const comparisonFormats = {
  terminal: { render: comparisonTerminal },
  json: {
    file: 'comparison.json',
    render: (report) => printFields(comparisonSchema.parse(report)),
  },
  html: { file: 'report.html', render: comparisonHtml },
  md: { file: 'report.md', render: comparisonMarkdown },
} as const satisfies Partial<Record<ReportFormat, ComparisonFormat>>;

/** Writes every format that has a file into the folder of a comparison, which is there; each whole or not at all. */
export async function writeComparison(directory: string, report: ComparisonReport): Promise<void> {
  await Promise.all(
    Object.values(comparisonFormats).map(async (format) => {
      if ('file' in format) {
        await writeOutput(path.join(directory, format.file), format.render(report));
      }
    }),
  );
}

/** comparison.json of a folder, checked against its schema. */
export async function readComparison(directory: string): Promise<ComparisonReport> {
  return readVersioned(path.join(directory, 'comparison.json'), COMPARISON_SCHEMA, comparisonSchema);
}

/** The folder of a comparison: by path, or by id under `reports`; undefined where there is none of that name. */
export async function findComparison(reports: string, named: string): Promise<string | undefined> {
  for (const candidate of [named, path.join(reports, named)]) {
    const folder = path.basename(candidate) === 'comparison.json' ? path.dirname(candidate) : candidate;
    const found = await stat(path.join(folder, 'comparison.json')).catch(() => undefined);
    if (found?.isFile()) return folder;
  }
  return undefined;
}

/** The JSON Schema of comparison.json. */
export function comparisonJsonSchema(): object {
  return z.toJSONSchema(comparisonSchema, { target: 'draft-2020-12' });
}
