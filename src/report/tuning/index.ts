import path from 'node:path';
import { writeOutput } from '../../kit/output-file.ts';
import { tuningHtml } from './html.ts';
import { tuningJson } from './json.ts';
import type { TuningReport } from './model.ts';

export { tuningTerminal } from './terminal.ts';

/** Writes report.html and tune.json into the folder of a search, which is there; each whole or not at all. */
export async function writeTuning(directory: string, report: TuningReport): Promise<void> {
  await Promise.all([
    writeOutput(path.join(directory, 'report.html'), tuningHtml(report)),
    writeOutput(path.join(directory, 'tune.json'), tuningJson(report)),
  ]);
}
