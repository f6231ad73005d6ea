import pc from 'picocolors';
import { wrap } from '../../kit/columns.ts';
import {
  ascii,
  columnWidths,
  hanging,
  heading,
  indented,
  layOut,
  mark,
  placed,
  type TerminalOptions,
  type View,
} from '../terminal.ts';
import { formatMs, formatSeed, plain, settingsBehind } from '../words.ts';
import type { Suite, SuiteScenario } from './model.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
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

/** What a suite says on the terminal when it is over: a line a scenario, and the reasons of those that did not pass. */
export function suiteTerminal(suite: Suite, options: TerminalOptions): string {
  const view = { ...options, width: Math.max(40, options.width), c: pc.createColors(options.color) };
  const text = [
    banner(suite, view),
    overview(suite, view),
    ...suite.scenarios.map((scenario) => failing(scenario, view)),
    whereabouts(suite, view),
  ]
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

function banner(suite: Suite, view: View): string[] {
  const { c, color, width } = view;
  const { label } = suiteVerdictWords[suite.verdict];
  const status = statusOf(suite.verdict);
  const paint = { pass: c.bgGreen, fail: c.bgRed, invalid: c.bgYellow }[status];
  const ink = status === 'fail' ? c.whiteBright : c.black;
  const badge = color ? paint(ink(c.bold(`  ${label}  `))) : `== ${label} ==`;
  return [
    '',
    ` ${badge}`,
    '',
    ...wrap(plain(suite.summary), width - 2).map((line) => ` ${c.bold(line)}`),
    ...(suite.interrupted ? [` ${c.yellow('The suite was interrupted before its end.')}`] : []),
  ];
}

function overview({ scenarios }: Suite, view: View): string[] {
  const { c } = view;
  const head = ['', 'scenario', ...numberHead.map((each) => each.toLowerCase()), 'time'];
  const rows = scenarios.map((scenario) => {
    const outcome = outcomeOf(scenario);
    const numbers = numbersOf(scenario);
    const wallMs = wallMsOf(scenario);
    return [
      signOf(outcome, view),
      plain(scenario.name),
      ...numberHead.map((each) => plain(numbers[each])),
      wallMs === undefined ? '-' : formatMs(Math.round(wallMs / 100) * 100),
    ];
  });
  const widths = columnWidths([head, ...rows], view.width - 2);
  const right = new Set([2, 3, 4, 5, 6]);
  return [
    heading('Scenarios', view),
    ...layOut(head, widths, right, (cell) => c.dim(cell)),
    ...rows.flatMap((cells) => layOut(cells, widths, right, (cell) => cell)),
  ];
}

/** The sign of a verdict, with a word where it has more than one meaning. */
function signOf(outcome: Outcome, view: View): string {
  if (outcome === 'pass' || outcome === 'fail') return mark(outcome, view);
  const word = view.c.yellow(outcomeWords[outcome]);
  return view.color ? `${mark('invalid', view)} ${word}` : word;
}

/** What kept a scenario from passing, with the settings behind it. */
function failing(scenario: SuiteScenario, view: View): string[] {
  const { c, width } = view;
  const outcome = outcomeOf(scenario);
  if (outcome === 'pass' || outcome === 'not-run') return [];
  return [
    heading(plain(scenario.name), view),
    ...(scenario.ended === 'reported' ? indented(saidOf(scenario), 1, width) : []),
    ...failingOf(scenario).flatMap(({ status, what, observed, detail = '', reason }) => [
      ...hanging(mark(status, view), 2, c.bold, what, width),
      ...indented(observed, 5, width),
      ...indented(detail, 5, width).map(c.dim),
      ...indented(reason?.text ?? '', 5, width),
      ...settingsBehind(reason ?? {}).flatMap((each) => indented(placed(each), 5, width).map(c.cyan)),
    ]),
    ...(scenario.ended === 'reported' ? [` ${c.dim('Again')}   ${plain(scenario.report.run.command)}`] : []),
  ];
}

function whereabouts({ run, wallMs }: Suite, { c, directory }: View): string[] {
  return [
    ` ${c.dim('Time')}    ${formatMs(wallMs)}`,
    ...(directory === undefined ? [] : [` ${c.dim('Report')}  ${plain(`${directory}/index.html`)}`]),
    ` ${c.dim('Seed')}    ${formatSeed({ run })}`,
    ` ${c.dim('Again')}   ${plain(run.command)}`,
  ];
}
