import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { html } from './html/index.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import type { Report } from './model.ts';

export { reportJsonSchema } from './json.ts';
export { findReport, readReport } from './read.ts';
export { terminal } from './terminal.ts';

/** Every file a run leaves for its readers. A new format is a function here, in a file of its own, and its test. */
export const reportFormats = {
  json: { file: 'report.json', render: json },
  html: { file: 'report.html', render: html },
  md: { file: 'report.md', render: markdown },
  junit: { file: 'junit.xml', render: junit },
} as const satisfies Record<string, { file: string; render: (report: Report) => string }>;

export type ReportFormat = keyof typeof reportFormats;

/** Writes every format into the folder, each whole or not at all. Returns format → path. */
export async function writeReports(
  directory: string,
  report: Report,
): Promise<Readonly<Record<ReportFormat, string>>> {
  await mkdir(directory, { recursive: true });
  const written = await Promise.all(
    Object.entries(reportFormats).map(async ([format, { file, render }]) => {
      const target = path.join(directory, file);
      await writeWhole(target, render(report));
      return [format, target] as const;
    }),
  );
  return Object.fromEntries(written) as Record<ReportFormat, string>;
}

/** Writes beside the target and renames, so that a reader never sees half a file. */
export async function writeWhole(target: string, content: string): Promise<void> {
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, content);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
