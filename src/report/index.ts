import path from 'node:path';
import { makeFolder } from '../kit/folder.ts';
import { writeOutput } from '../kit/output-file.ts';
import type { Report } from './model.ts';
import { openmetrics } from './openmetrics.ts';
import type { TerminalOptions } from './terminal.ts';

export { reportJsonSchema } from './json.ts';
export { findReport, readReport } from './read.ts';

/** One way to show a report. */
interface Format {
  /** The file of it that every run leaves; none where it is only shown. */
  readonly file?: string;
  /** A file's is the same everywhere; what is only shown may suit the terminal that it is shown on. */
  render(report: Report, terminal: TerminalOptions): string;
}

/** Every format, one a line: what `report --format` takes, and what a run writes. */
export const reportFormats = {
  terminal: { render: (await import('./terminal.ts')).terminal },
  json: { file: 'report.json', render: (await import('./json.ts')).json },
  html: { file: 'report.html', render: (await import('./html/index.ts')).html },
  md: { file: 'report.md', render: (await import('./markdown.ts')).markdown },
  junit: { file: 'junit.xml', render: (await import('./junit.ts')).junit },
  openmetrics: { render: (report) => openmetrics([report]) },
} as const satisfies Record<string, Format>;

export type ReportFormat = keyof typeof reportFormats;

/** Writes every format that has a file into the folder, each whole or not at all. */
export async function writeReports(directory: string, report: Report): Promise<void> {
  await makeFolder(directory);
  await Promise.all(
    Object.values(reportFormats).map(async (format) => {
      if ('file' in format) await writeOutput(path.join(directory, format.file), format.render(report));
    }),
  );
}
