import createTab from '@bomb.sh/tab/commander';
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { cleanupCommand } from './commands/cleanup.ts';
import { compareEnvironmentsCommand } from './commands/compare-environments.ts';
import { doctorCommand } from './commands/doctor.ts';
import { labCommand } from './commands/lab.ts';
import { lintCommand } from './commands/lint.ts';
import { planCommand } from './commands/plan.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { toolsCommand } from './commands/tools.ts';
import { ExitCode, OperatorError } from './kit/errors.ts';
import { version } from './version.ts';

/** The first Ctrl-C ends things in order, the second at once: the supervisor does the rest. */
function handleSignals(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    process.stderr.write(`\n${pc.yellow('Interrupted')}: ending in order; once more ends at once.\n`);
    controller.abort(new OperatorError('interrupted', { exitCode: ExitCode.interrupted }));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  // A command that another one has started ends with it.
  if (process.channel) process.on('disconnect', interrupt);
  // A reader that goes away (`| head`) is no reason for a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return controller.signal;
}

function program(signal: AbortSignal): Command {
  const root = new Command('breakwater')
    .description('Breaks a service mesh on purpose and says, with evidence, whether it held.')
    .version(version, '-V, --version')
    .showHelpAfterError('(add --help for what it takes)')
    .addCommand(runCommand(signal, performance.timeOrigin))
    .addCommand(planCommand())
    .addCommand(lintCommand())
    .addCommand(labCommand(signal))
    .addCommand(reportCommand())
    .addCommand(doctorCommand())
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
  overrideExits(root);
  createTab(root);
  return root;
}

/** Commander hands its settings to a subcommand only when it makes it itself. */
function overrideExits(command: Command): void {
  command.exitOverride().showSuggestionAfterError();
  for (const inner of command.commands) overrideExits(inner);
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  }
  const known = operatorError(error);
  if (known) {
    process.stderr.write(`${pc.red('error')}: ${known.message}\n`);
    if (known.hint !== undefined) process.stderr.write(`${pc.cyan('hint')}: ${known.hint}\n`);
    return known.exitCode;
  }
  process.stderr.write(
    `${pc.red('This is a bug in Breakwater.')} Please report it with what is below.\n${
      error instanceof Error ? error.stack : String(error)
    }\n`,
  );
  return ExitCode.environment;
}

/** Teardown may fail beside the error that led to it; the first cause is what the operator needs. */
function operatorError(error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  if (error instanceof SuppressedError) return operatorError(error.suppressed) ?? operatorError(error.error);
  if (error instanceof Error && error.name === 'AbortError') return operatorError(error.cause);
  return undefined;
}

const signal = handleSignals();
try {
  await program(signal).parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
// Whatever still holds the event loop (a kept-alive socket) must not hold the user.
process.stdout.write('', () => process.exit());
