import { relative, resolve, sep } from 'node:path';
import type { BriefReport, Report } from '../report/model.ts';
import type { Suite } from '../report/suite/model.ts';
import type { Annotation } from './workflow-commands.ts';

/** GitHub shows ten of each level a step, and leaves the others out without a word. */
const most = 10;

/** Where files of reports are: they are named as seen from `directory`, and GitHub knows those below `workspace`. */
export interface Places {
  readonly directory: string;
  readonly workspace: string;
}

/** A mistake as `lint --json` tells it. */
export interface LintProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a run says to the lines of the configuration under test: each check that failed, or why it proves nothing. */
export function annotationsOfReport(report: BriefReport | Report, places: Places): readonly Annotation[] {
  const { verdict, checks, scenario, validity } = report;
  if (verdict === 'invalid') {
    const why = validity
      .filter(({ status }) => status === 'violated')
      .map(({ title, observed, limit }) => `${title}: ${observed}, limit ${limit}`);
    const unknown = checks
      .filter(({ status }) => status === 'invalid')
      .map(({ name, detail, observed }) => `${name}: ${detail ?? observed}`);
    return [
      {
        level: 'warning',
        title: `${scenario.name} proves nothing`,
        message: [report.summary, ...(why.length > 0 ? why : unknown)].join('\n'),
        ...inWorkspace(scenario.file, places),
      },
    ];
  }
  return checks
    .filter(({ status }) => status === 'fail')
    .map(({ name, observed, limit, detail, reason }) => {
      const settings = reason?.setting === undefined ? [] : [reason, ...(reason.others ?? [])];
      const placed = settings.find(({ source }) => source !== undefined);
      const lines = [
        `observed ${observed}, limit ${limit}`,
        reason?.text ?? detail,
        ...settings.map(({ setting, source }) => `${setting}${source === undefined ? '' : ` (${source})`}`),
      ];
      return {
        level: 'error',
        title: `${scenario.name}: ${name}`,
        message: lines.filter((line) => line !== undefined).join('\n'),
        ...(placed?.source === undefined
          ? inWorkspace(scenario.file, places)
          : placeOf(placed.source, places)),
      };
    });
}

/** The same of every scenario of a suite; what has no report says why. */
export function annotationsOfSuite({ scenarios }: Suite, places: Places): readonly Annotation[] {
  return scenarios.flatMap((scenario): readonly Annotation[] => {
    if (scenario.ended === 'reported') return annotationsOfReport(scenario.report, places);
    if (scenario.ended === 'not-run') return [];
    const { message, hint } = scenario.error;
    return [
      {
        level: 'error',
        title: `${scenario.name} has no report`,
        message: hint === undefined ? message : `${message}\n${hint}`,
        ...inWorkspace(scenario.file, places),
      },
    ];
  });
}

/** What a comparison came to. */
export function annotationsOfComparison({
  ended,
  summary,
}: {
  readonly ended: string;
  readonly summary: string;
}): readonly Annotation[] {
  if (ended === 'not-worse') return [];
  const level = ended === 'regressed' ? 'error' : 'warning';
  return [{ level, title: ended === 'regressed' ? 'Worse than before' : 'No answer', message: summary }];
}

/** Mistakes in what was written, each at its line. */
export function annotationsOfProblems(
  problems: readonly LintProblem[],
  places: Places,
): readonly Annotation[] {
  return problems.map(({ file, line, column, path, message, hint }) => ({
    level: 'error',
    title: path === undefined || path === '' ? 'Mistake' : `Mistake in ${path}`,
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...inWorkspace(file, places),
    line,
    column,
  }));
}

/** As many as GitHub shows, the last of them saying how many more there are. */
export function shownAnnotations(all: readonly Annotation[]): readonly Annotation[] {
  const errors = all.filter(({ level }) => level === 'error');
  const others = all.filter(({ level }) => level !== 'error').slice(0, most);
  if (errors.length <= most) return [...errors, ...others];
  const left = errors.length - (most - 1);
  const rest: Annotation = {
    level: 'error',
    title: `${left} more`,
    message: 'GitHub shows ten annotations of a step: the summary of the job has all of them.',
  };
  return [...errors.slice(0, most - 1), rest, ...others];
}

/** "mesh/a.yaml:12" → file and line, where it lies in the repository. */
function placeOf(source: string, places: Places): Pick<Annotation, 'file' | 'line'> {
  const [, file = source, line] = /^(.*):(\d+)$/s.exec(source) ?? [];
  const placed = inWorkspace(file, places);
  return line === undefined || placed.file === undefined ? placed : { ...placed, line: Number(line) };
}

/** A file as the repository has it; none where it is outside, since GitHub would show it at a file of that name. */
function inWorkspace(file: string, { directory, workspace }: Places): Pick<Annotation, 'file'> {
  const below = relative(workspace, resolve(directory, file));
  if (below === '' || below === '..' || below.startsWith(`..${sep}`) || resolve(below) === below) return {};
  return { file: below.split(sep).join('/') };
}
