import { marks } from '../markdown.ts';
import { type Block, cell, code, details, fitting, list, paragraphs, table } from '../markdown-text.ts';
import { formatMs } from '../words.ts';
import { type ComparisonReport, comparisonWords, metricStatus } from './model.ts';
import { metricCells, metricHead, remarks, sureness } from './words.ts';

/** report.md of a comparison: what is worse and by how much, for a pull request. */
export function comparisonMarkdown(report: ComparisonReport): string {
  const blocks = [
    verdict(report),
    metrics(report),
    notes(report),
    details('Rounds', rounds(report)),
    details('About this comparison', facts(report)),
  ];
  return fitting(blocks, 'report.html');
}

function verdict({ ended, scenario, summary, sides }: ComparisonReport): Block {
  const { label, status } = comparisonWords[ended];
  return paragraphs([
    `## ${marks[status]} ${label}: ${cell(scenario.name)}`,
    '',
    cell(summary),
    '',
    ...(['a', 'b'] as const).map(
      (side) =>
        `- **${side.toUpperCase()}** ${cell(sides[side].label)} (${cell(sides[side].mesh)} on ${cell(sides[side].environment)})`,
    ),
  ]);
}

function metrics({ metrics: all }: ComparisonReport): Block {
  return table(['', ...metricHead], all, (metric) => [
    marks[metricStatus[metric.verdict]],
    ...metricCells(metric).map((text, column) =>
      column === 3 && metric.verdict === 'regressed' ? `**${cell(text)}**` : cell(text),
    ),
  ]);
}

const notes = (report: ComparisonReport): Block =>
  list([sureness(report), ...remarks(report)], (text) => `- ${cell(text)}`);

function rounds({ rounds: all }: ComparisonReport): Block {
  return table(
    ['Round', 'Side', 'Verdict', 'Time', ''],
    all,
    ({ name, side, verdict: own, tookMs, why = '' }) => [
      cell(name),
      side.toUpperCase(),
      own,
      formatMs(tookMs),
      cell(why),
    ],
  );
}

function facts({ run, wallMs, scenario, labs }: ComparisonReport): Block {
  return paragraphs([
    `- ${cell(scenario.load)}, ${labs === 'one' ? 'in turns in one lab' : 'in two labs side by side'}, ${formatMs(wallMs)}`,
    `- ${cell(run.machine.platform)}, ${run.machine.cpus} CPUs, Breakwater ${cell(run.breakwater)}`,
    `- Seed ${run.seed}, again: ${code(run.command)}`,
  ]);
}
