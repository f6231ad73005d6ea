import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { visible, visibleLines } from '../kit/visible.ts';

/** What an annotation is shown as: `error` in red, `warning` in yellow. */
type Level = 'error' | 'warning' | 'notice';

/** Something that GitHub shows beside a line of a file, or beside the run where it has no place. */
export interface Annotation {
  readonly level: Level;
  readonly title: string;
  readonly message: string;
  /** As the repository has it, with slashes. */
  readonly file?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/**
 * The line of a log that GitHub takes for an annotation. Whatever the texts are, it stays one command with these
 * properties: the runner reads `%25`, `%0D` and `%0A` back in all of it, and `%3A` and `%2C` in properties
 * (https://github.com/actions/runner, ActionCommand.cs).
 */
export function annotationCommand({ level, title, message, file, line, column }: Annotation): string {
  const properties = Object.entries({ file, line, col: column, title: visible(title) })
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${level} ${properties.join(',')}::${escapeData(visibleLines(message))}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Adds outputs of a step to the file that GitHub names in GITHUB_OUTPUT. A value ends at a line that nobody can guess,
 * so none can add an output of its own.
 */
export function writeOutputs(file: string, outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) {
    const end = `end-${randomUUID()}`;
    appendFileSync(file, `${name}<<${end}\n${value}\n${end}\n`);
  }
}
