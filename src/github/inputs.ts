import { createHash } from 'node:crypto';

/** What the action was told, out of the variables that `action.yml` puts its inputs into. */
export interface Inputs {
  /** Scenario files, folders of them, and names. */
  readonly scenarios: readonly string[];
  readonly config: readonly string[];
  /** The mesh configuration that `config` is compared with; none for a run, or where that is `base`. */
  readonly compare: readonly string[];
  /** Whether what is there is compared with the commit that it takes the place of. */
  readonly comparesBase: boolean;
  /** Further arguments of the command. */
  readonly more: readonly string[];
  /** Whether a run that proves nothing fails the job. */
  readonly invalidFails: boolean;
  /** How many times a run that proves nothing is made again. */
  readonly again: number;
  /** Whether raw evidence is uploaded with the reports. */
  readonly evidence: boolean;
}

/** What `compare` says instead of a file. */
const BASE = 'base';

/** A mistake in what the workflow says; everything else that is thrown is one of ours. */
export class InputError extends Error {}

/** Reads the inputs of the action; throws an InputError that names the input. */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const scenarios = lines(env, 'scenario');
  const config = lines(env, 'config');
  const compared = lines(env, 'compare');
  const comparesBase = compared.length === 1 && compared[0] === BASE;
  const compare = comparesBase ? [] : compared;
  if (scenarios.length === 0) {
    throw new InputError('scenario: expected a scenario file, a folder, or a name such as circuit-breaker');
  }
  const flag = [...scenarios, ...config, ...compare].find((each) => each.startsWith('-'));
  if (flag !== undefined) throw new InputError(`${flag} is an argument: it belongs into arguments`);
  if (compared.length > 0 && scenarios.length > 1) throw new InputError('compare: it takes one scenario');
  if (compare.length > 1 || (compare.length === 1 && config.length !== 1)) {
    throw new InputError(
      'compare: expected base, or one file or folder and one in config that it is compared with',
    );
  }
  return {
    scenarios,
    config,
    compare,
    comparesBase,
    more: lines(env, 'arguments'),
    invalidFails: oneOf(env, 'invalid', ['fail', 'pass']) === 'fail',
    again: count(env, 'again'),
    evidence: oneOf(env, 'evidence', ['true', 'false']) === 'true',
  };
}

/** The arguments of the command line that do what the inputs say, with reports in this folder; `base`: the commit to compare with. */
export function argumentsOf(
  { scenarios, config, compare, more }: Inputs,
  reports: string,
  base?: string,
): string[] {
  if (compare.length > 0) {
    const [a = '', b = ''] = [...compare, ...config];
    return ['compare', ...scenarios, '--a', a, '--b', b, '--reports', reports, ...more];
  }
  return [
    ...(base === undefined ? ['run', ...scenarios] : ['compare', ...scenarios, '--a', `git:${base}`]),
    ...config.flatMap((file) => ['--config', file]),
    '--reports',
    reports,
    ...more,
  ];
}

/** A name for what is uploaded that jobs of a matrix do not share. */
export function artifactName(
  { scenarios, config, compare, comparesBase, more }: Inputs,
  job: string,
): string {
  const parts = [scenarios, config, comparesBase ? [BASE] : compare, more];
  const hash = createHash('sha256').update(JSON.stringify(parts));
  return `breakwater-${job.replaceAll(/[^\w-]/g, '-')}-${hash.digest('hex').slice(0, 8)}`;
}

/** One a line; blanks around and empty lines are left out. */
const lines = (env: NodeJS.ProcessEnv, name: string) =>
  given(env, name)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

function oneOf<Value extends string>(env: NodeJS.ProcessEnv, name: string, values: readonly Value[]): Value {
  const text = given(env, name).trim();
  const found = values.find((value) => value === text);
  if (found === undefined)
    throw new InputError(`${name}: expected ${values.join(' or ')}, and it is "${text}"`);
  return found;
}

function count(env: NodeJS.ProcessEnv, name: string): number {
  const text = given(env, name).trim();
  if (!/^[0-5]$/.test(text))
    throw new InputError(`${name}: expected a number from 0 to 5, and it is "${text}"`);
  return Number(text);
}

const given = (env: NodeJS.ProcessEnv, name: string) => env[`INPUT_${name.toUpperCase()}`] ?? '';
