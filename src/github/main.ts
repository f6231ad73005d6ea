import { lstatSync, readFileSync } from 'node:fs';
import { printDocument } from '../kit/output.ts';
import { comment } from './comment-step.ts';
import { InputError } from './inputs.ts';
import { install } from './install-step.ts';
import { pins } from './pins-step.ts';
import { run } from './run-step.ts';
import { annotationCommand, writeOutputs } from './workflow-commands.ts';

/**
 * The steps of the GitHub Action (action.yml). Node runs this file as it is, before anything is installed: it imports
 * nothing but Node and files that do so too.
 */

const steps = { install, pins, run, comment } as const;

const { argv, env } = process;
const name = argv[2] ?? '';
try {
  if (!isStep(name)) throw new Error(`there is no step ${name}: ${Object.keys(steps).join(', ')}`);
  const { outputs = {}, say = '', exitCode = 0 } = await steps[name]({ env, readText });
  printDocument(say);
  if (env['GITHUB_OUTPUT']) writeOutputs(env['GITHUB_OUTPUT'], outputs);
  process.exitCode = exitCode;
} catch (error) {
  const { message, stack } = error as Error;
  const text = error instanceof InputError ? message : (stack ?? message);
  printDocument(annotationCommand({ level: 'error', title: 'Breakwater', message: text }));
  process.exitCode = error instanceof InputError ? 2 : 4;
}

function isStep(text: string): text is keyof typeof steps {
  return Object.hasOwn(steps, text);
}

/**
 * Content of a file; undefined where there is none. A link is none: in reports of a fork it could lead to what this
 * process alone may read, and that would be in a comment.
 */
function readText(path: string): string | undefined {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
