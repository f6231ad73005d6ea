import { entry, marks } from '../markdown.ts';
import { type Block, cell, code, fitting, list, paragraphs, sentences, table } from '../markdown-text.ts';
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
  return fitting(blocks, 'index.html');
}

function verdict(suite: Suite): Block {
  const { label } = suiteVerdictWords[suite.verdict];
  return paragraphs([
    `## ${marks[statusOf(suite.verdict)]} ${label}: ${cell(suite.summary)}`,
    ...(suite.interrupted ? ['', '**The suite was interrupted before its end.**'] : []),
  ]);
}

function overview({ scenarios }: Suite): Block {
  return table(['', 'Scenario', ...numberHead, 'Time'], scenarios, (scenario) => {
    const outcome = outcomeOf(scenario);
    const numbers = numbersOf(scenario);
    const wallMs = wallMsOf(scenario);
    return [
      `${outcome === 'not-run' ? '➖' : marks[statusOf(outcome)]} ${outcomeWords[outcome]}`,
      `**${cell(scenario.name)}**`,
      ...numberHead.map((head) => cell(numbers[head])),
      wallMs === undefined ? '-' : formatMs(wallMs),
    ];
  });
}

function failing(scenario: SuiteScenario): Block {
  const outcome = outcomeOf(scenario);
  if (outcome === 'pass' || outcome === 'not-run') return paragraphs([]);
  return list(
    failingOf(scenario),
    ({ status, what, observed, detail, reason }) => {
      const said = sentences([observed, detail, reason?.text]);
      return entry(`${marks[status]} **${cell(what)}**: ${cell(said)}`, reason);
    },
    [
      `### ${marks[statusOf(outcome)]} ${cell(scenario.name)}`,
      '',
      ...(scenario.ended === 'reported' ? [cell(saidOf(scenario)), ''] : []),
    ],
  );
}

function facts({ run, wallMs }: Suite): Block {
  return paragraphs([
    `${formatMs(wallMs)} on ${cell(run.environment)}, ${cell(run.machine.platform)} with ${run.machine.cpus} CPUs; seed ${code(formatSeed({ run }))}. Again: ${code(run.command)}`,
  ]);
}
