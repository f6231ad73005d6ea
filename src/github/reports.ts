import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../report/model.ts';
import type { Suite } from '../report/suite/model.ts';
import {
  annotationsOfComparison,
  annotationsOfReport,
  annotationsOfSuite,
  type Places,
} from './annotations.ts';
import type { Job } from './step.ts';
import type { Annotation } from './workflow-commands.ts';

/** What a command has left in the folder of its reports. */
interface Reports {
  /** Markdown for the summary of a job and for a comment; undefined where there is no report. */
  readonly summary: string | undefined;
  /** What belongs to lines of files; undefined where there is no report. */
  annotations(places: Places): readonly Annotation[] | undefined;
}

/** What says it all, the first of them that is there: a suite has runs beside it. */
const summaries = ['suite.md', 'report.md'];

/** The reports of one command, in its folder or in one directly below it: what is further down are rounds of it. */
export function reportsIn(folder: string, { readText }: Pick<Job, 'readText'>): Reports {
  const folders = [folder, ...foldersIn(folder)];
  const find = (name: string) =>
    folders.map((each) => readText(join(each, name))).find((text) => text !== undefined && text !== '');
  const summary = summaries.map(find).find((text) => text !== undefined);
  return {
    summary,
    annotations(places) {
      const comparison = find('comparison.json');
      if (comparison !== undefined) return annotationsOfComparison(JSON.parse(comparison));
      const suite = find('suite.json');
      if (suite !== undefined) return annotationsOfSuite(JSON.parse(suite) as Suite, places);
      const report = find('report.json');
      if (report !== undefined) return annotationsOfReport(JSON.parse(report) as Report, places);
      return summary === undefined ? undefined : [];
    },
  };
}

const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort();
