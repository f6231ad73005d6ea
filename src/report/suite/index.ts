import path from 'node:path';
import { writeOutput } from '../../kit/output-file.ts';
import type { ReportFormat } from '../index.ts';
import type { BriefReport } from '../model.ts';
import { openmetrics } from '../openmetrics.ts';
import type { TerminalOptions } from '../terminal.ts';
import { suiteHtml } from './html.ts';
import { suiteJson } from './json.ts';
import { suiteJunit } from './junit.ts';
import { suiteMarkdown } from './markdown.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { suiteTerminal } from './terminal.ts';

export { conclude } from './outcome.ts';
export { findSuite, readSuite } from './read.ts';

interface SuiteFormat {
  readonly file?: string;
  render(suite: Suite, terminal: TerminalOptions): string;
}

/** The same formats as of a run; all but the one for programs tell scenarios of one name apart. */
export const suiteFormats = {
  terminal: { render: (suite, terminal) => suiteTerminal(toldApart(suite), terminal) },
  json: { file: 'suite.json', render: suiteJson },
  html: { file: 'index.html', render: (suite) => suiteHtml(toldApart(suite)) },
  md: { file: 'suite.md', render: (suite) => suiteMarkdown(toldApart(suite)) },
  junit: { file: 'junit.xml', render: (suite) => suiteJunit(toldApart(suite)) },
  openmetrics: { render: (suite) => openmetrics(reportsOf(toldApart(suite))) },
} as const satisfies Record<ReportFormat, SuiteFormat>;

/** The reports of those that have one, under the names that the suite has for them. */
const reportsOf = ({ scenarios }: Suite): readonly BriefReport[] =>
  scenarios.flatMap((scenario) =>
    scenario.ended === 'reported'
      ? [{ ...scenario.report, scenario: { ...scenario.report.scenario, name: scenario.name } }]
      : [],
  );

/** The same with the files behind names that several scenarios have. */
function toldApart(suite: Suite): Suite {
  const files = new Map<string, Set<string>>();
  for (const { name, file } of suite.scenarios) files.set(name, (files.get(name) ?? new Set()).add(file));
  const label = ({ name, file }: SuiteScenario) =>
    (files.get(name)?.size ?? 0) > 1 ? `${name} (${file})` : name;
  return {
    ...suite,
    scenarios: suite.scenarios.map((scenario) => ({ ...scenario, name: label(scenario) })),
  };
}

/** Writes every format that has a file into the suite's folder, which is there; each whole or not at all. */
export async function writeSuite(directory: string, suite: Suite): Promise<void> {
  await Promise.all(
    Object.values(suiteFormats).map(async (format) => {
      if ('file' in format) await writeOutput(path.join(directory, format.file), format.render(suite));
    }),
  );
}
