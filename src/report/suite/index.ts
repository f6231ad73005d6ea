import path from 'node:path';
import { writeOutput } from '../../kit/output-file.ts';
import type { ReportFormat } from '../index.ts';
import type { TerminalOptions } from '../terminal.ts';
import { suiteHtml } from './html.ts';
import { suiteJson } from './json.ts';
import { suiteJunit } from './junit.ts';
import { suiteMarkdown } from './markdown.ts';
import type { Suite } from './model.ts';
import { suiteTerminal } from './terminal.ts';

export { conclude } from './outcome.ts';
export { findSuite, readSuite } from './read.ts';

interface SuiteFormat {
  readonly file?: string;
  render(suite: Suite, terminal: TerminalOptions): string;
}

/** The same formats as of a run. */
export const suiteFormats = {
  terminal: { render: suiteTerminal },
  json: { file: 'suite.json', render: suiteJson },
  html: { file: 'index.html', render: suiteHtml },
  md: { file: 'suite.md', render: suiteMarkdown },
  junit: { file: 'junit.xml', render: suiteJunit },
} as const satisfies Record<ReportFormat, SuiteFormat>;

/** Writes every format that has a file into the suite's folder, which is there; each whole or not at all. */
export async function writeSuite(directory: string, suite: Suite): Promise<void> {
  await Promise.all(
    Object.values(suiteFormats).map(async (format) => {
      if ('file' in format) await writeOutput(path.join(directory, format.file), format.render(suite));
    }),
  );
}
