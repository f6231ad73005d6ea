import { code, escapeMarkdown, marks, reasonOf, table, within } from '../markdown.ts';
import { formatMs, formatSeed } from '../words.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { outcomeOf } from './outcome.ts';
import {
  failingOf,
  numberHead,
  numbersOf,
  outcomeWords,
  saidOf,
  statusOf,
  suiteVerdictWords,
  wallMsOf,
} from './words.ts';

/** suite.md: one table of all scenarios, and what kept each from passing, for a pull request. */
export function suiteMarkdown(suite: Suite): string {
  const blocks = [verdict(suite), overview(suite), ...suite.scenarios.map(failing), facts(suite)];
  return within(
    blocks.map((block) => block.join('\n')),
    'index.html',
  );
}

function verdict(suite: Suite): string[] {
  const { label } = suiteVerdictWords[suite.verdict];
  return [
    `## ${marks[statusOf(suite.verdict)]} ${label}: ${escapeMarkdown(suite.summary)}`,
    '',
    ...(suite.interrupted ? ['**The suite was interrupted before its end.**', ''] : []),
  ];
}

function overview({ scenarios }: Suite): string[] {
  return table(
    ['', 'Scenario', ...numberHead, 'Time'],
    scenarios.map((scenario) => {
      const outcome = outcomeOf(scenario);
      const numbers = numbersOf(scenario);
      const wallMs = wallMsOf(scenario);
      return [
        `${outcome === 'not-run' ? '➖' : marks[statusOf(outcome)]} ${outcomeWords[outcome]}`,
        `**${escapeMarkdown(scenario.name)}**`,
        ...numberHead.map((head) => escapeMarkdown(numbers[head])),
        wallMs === undefined ? '-' : formatMs(wallMs),
      ];
    }),
  );
}

function failing(scenario: SuiteScenario): string[] {
  const outcome = outcomeOf(scenario);
  if (outcome === 'pass' || outcome === 'not-run') return [];
  const mark = marks[statusOf(outcome)];
  return [
    `### ${mark} ${escapeMarkdown(scenario.name)}`,
    '',
    ...(scenario.ended === 'reported' ? [escapeMarkdown(saidOf(scenario)), ''] : []),
    ...failingOf(scenario).map(
      ({ status, what, observed, detail, reason }) =>
        `- ${marks[status]} **${escapeMarkdown(what)}**: ${escapeMarkdown(observed)}${detail === undefined ? '' : `<br><sub>${escapeMarkdown(detail)}</sub>`}${reasonOf({ reason })}`,
    ),
    '',
  ];
}

function facts({ run, wallMs }: Suite): string[] {
  return [
    `${formatMs(wallMs)} on ${escapeMarkdown(run.environment)}, ${escapeMarkdown(run.machine.platform)} with ${run.machine.cpus} CPUs; seed ${formatSeed({ run })}. Again: ${code(run.command)}`,
  ];
}
