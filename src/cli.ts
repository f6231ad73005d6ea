import createTab from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import pc from 'picocolors';
import { cleanupCommand } from './commands/cleanup.ts';
import { compareCommand } from './commands/compare.ts';
import { compareEnvironmentsCommand } from './commands/compare-environments.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { explainError } from './commands/explain-error.ts';
import { historyCommand } from './commands/history.ts';
import { initCommand } from './commands/init.ts';
import { labCommand } from './commands/lab.ts';
import { lintCommand } from './commands/lint.ts';
import { planCommand } from './commands/plan.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { selfTestCommand } from './commands/self-test.ts';
import { toolsCommand } from './commands/tools.ts';
import { translateCommand } from './commands/translate.ts';
import { tuneCommand } from './commands/tune.ts';
import { ExitCode, environmentError, OperatorError } from './kit/errors.ts';
import { watchLauncher } from './kit/launcher.ts';
import { flushOutput, guardOutput, type OutputGuard } from './kit/output.ts';
import { reasonOf } from './kit/system-error.ts';
import { visibleLines } from './kit/visible.ts';
import { version } from './version.ts';

/** Longer than a lab takes to go. */
const endingTimeoutMs = 15_000;

/**
 * The first Ctrl-C ends things in order, the second at once: the supervisor does the rest. A command that has nothing
 * to put in order (`heeds`) ends at the first.
 */
function handleSignals(controller: AbortController, heeds: () => boolean): void {
  const interrupt = () => {
    if (controller.signal.aborted || !heeds()) process.exit(ExitCode.interrupted);
    process.stderr.write(`\n${pc.yellow('Interrupted')}: ending in order; once more ends at once.\n`);
    controller.abort(new OperatorError('interrupted', { exitCode: ExitCode.interrupted }));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  // A command that another one has started ends with it.
  if (process.channel) process.on('disconnect', interrupt);
  watchLauncher(() => {
    if (!controller.signal.aborted) interrupt();
  });
}

/** Commands that only look at something, or whose work somebody else goes on with. */
const atOnce: ReadonlySet<string> = new Set([
  'plan',
  'report',
  'doctor',
  'cleanup',
  'lab status',
  'lab down',
]);

const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** `begun` is told which command has been called: "lab up". */
function program(signal: AbortSignal, begun: (command: string) => void): Command {
  const root = new Command('breakwater')
    .description('Breaks a service mesh on purpose and says, with evidence, whether it held.')
    .version(version, '-V, --version')
    .showHelpAfterError('(add --help for what it takes)')
    .addCommand(runCommand(signal, performance.timeOrigin))
    .addCommand(compareCommand(signal, performance.timeOrigin))
    .addCommand(tuneCommand(signal, performance.timeOrigin))
    .addCommand(initCommand())
    .addCommand(planCommand())
    .addCommand(explainCommand(signal))
    .addCommand(lintCommand(signal))
    .addCommand(translateCommand())
    .addCommand(labCommand(signal))
    .addCommand(reportCommand())
    .addCommand(historyCommand())
    .addCommand(doctorCommand())
    .addCommand(selfTestCommand(signal))
    .addCommand(toolsCommand({ signal }))
    .addCommand(compareEnvironmentsCommand(signal))
    .addCommand(cleanupCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ npx breakwater run scenarios/circuit-breaker.yaml   a real mesh, a load, a fault, a verdict
  $ npx breakwater plan scenarios/zone-failover.yaml    what would happen, without doing it
  $ npx breakwater lab up scenarios/circuit-breaker.yaml   a mesh to play with
  $ source <(npx breakwater complete bash)              tab completion (zsh and fish too)`,
    );
  root.hook('preAction', (_, command) => begun(nameOf(command)));
  overrideExits(root);
  createTab(root);
  return root;
}

/** Commander hands its settings to a subcommand only when it makes it itself. */
function overrideExits(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(visibleLines(text)) });
  for (const inner of command.commands) overrideExits(inner);
}

/** Says what nobody has caught, and ends the command in order as far as it goes; its exit code says so too. */
class LastResort {
  exitCode: ExitCode | undefined;

  constructor(controller: AbortController) {
    process.on('uncaughtException', (error) => {
      // A full disk fails every file that is open; the first says it all.
      if (this.exitCode !== undefined) return;
      this.exitCode = explainError(error);
      controller.abort(new OperatorError('ended because of an error', { exitCode: this.exitCode }));
      setTimeout(() => process.exit(this.exitCode), endingTimeoutMs).unref();
    });
    // Nothing is left that could happen, and the command is not over.
    process.on('beforeExit', () => {
      process.exit(this.exitCode ?? explainError(new Error('the command waits for nothing')));
    });
  }
}

/** Flushes what was printed, and leaves; whatever still holds the event loop (a kept-alive socket) must not. */
async function leave(output: OutputGuard): Promise<never> {
  await flushOutput();
  if (output.lost !== undefined) {
    process.exitCode = explainError(
      environmentError(
        `standard output did not take all that was printed: ${reasonOf(output.lost)}`,
        'make room where it leads to, or lead it elsewhere',
      ),
    );
    await flushOutput();
  }
  process.exit();
}

const output = guardOutput();
const controller = new AbortController();
const lastResort = new LastResort(controller);
let command = '';
handleSignals(controller, () => !atOnce.has(command));
try {
  await program(controller.signal, (name) => {
    command = name;
  }).parseAsync();
} catch (error) {
  // The first cause is what the operator needs.
  if (lastResort.exitCode === undefined) process.exitCode = explainError(error);
}
process.exitCode = lastResort.exitCode ?? process.exitCode;
await leave(output);
