import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentOptions } from '../environments/contract.ts';
import { type EnvironmentName, environmentCapabilities, environmentNames } from '../environments/index.ts';
import { serves } from '../experiment/labs.ts';
import { type Planned, planExperiment } from '../experiment/planned.ts';
import { OperatorError, usageError } from '../kit/errors.ts';
import { quote, suggest } from '../kit/nearest.ts';
import type { Progress } from '../kit/terminal.ts';
import { refuseUnfit } from '../plan/environments.ts';
import type { Changes } from '../scenario/load.ts';
import { scenarioNamed } from '../scenario/named.ts';
import { type CheckedOut, checkOut } from './commit.ts';
import { namingSide } from './lab-rounds.ts';
import { ownPrograms } from './own-programs.ts';
import { changesOf, type OnBoth, type Side, type SideName } from './sides.ts';

/** One side, ready to be run. */
export interface Prepared extends AsyncDisposable {
  readonly side: Side;
  readonly planned: Planned;
  readonly env: EnvironmentName;
  /** What of it takes the place of programs. */
  readonly own: EnvironmentOptions;
  /** Where its files are, if they are those of a commit. */
  readonly at: CheckedOut | undefined;
}

/** What both sides have in common. */
export interface Common extends Changes {
  /** As it was named. */
  readonly file: string;
  readonly env: string;
  readonly seed: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Reads and plans a side, and gets what it brings; disposing removes the files of its commit. */
export async function prepareSide(name: SideName, side: Side, common: Common): Promise<Prepared> {
  const { file, seed, progress, signal } = common;
  const option = `--${name}`;
  const env = environmentNamed(option, side.env ?? common.env);
  await using stack = new AsyncDisposableStack();
  const at = side.git === undefined ? undefined : await checkOut(option, side.git, signal);
  stack.use(at);
  const changes = changesOf(
    side,
    at === undefined ? common : { ...common, config: common.config.map(at.at) },
  );
  const planned = await planExperiment(at?.at(scenarioNamed(file)) ?? file, changes, seed).catch(
    (error: unknown) => {
      throw error instanceof OperatorError
        ? namingSide(name, at === undefined ? error : shown(error, at))
        : error;
    },
  );
  refuseUnfit(planned, env, environmentCapabilities, planned.locate);
  const own = await ownPrograms(option, side, env, progress, signal);
  const kept = stack.move();
  return {
    side: at === undefined ? side : sayingCommit(side, at),
    planned,
    env,
    own,
    at,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The same error, about files of a commit and not of the folder that they are in just now. */
const shown = (error: OperatorError, at: CheckedOut): OperatorError =>
  new OperatorError(at.shown(error.message), {
    hint: error.hint === undefined ? undefined : at.shown(error.hint),
    exitCode: error.exitCode,
    cause: error,
  });

/** The side with the commit that a branch or tag means. */
const sayingCommit = (side: Side, { commit }: CheckedOut): Side =>
  commit.startsWith(side.git ?? '')
    ? side
    : { ...side, label: side.label.replace(`git:${side.git}`, (part) => `${part} (${commit.slice(0, 8)})`) };

function environmentNamed(option: string, name: string): EnvironmentName {
  const found = environmentNames.find((each) => each === name);
  if (found !== undefined) return found;
  throw usageError(`${option}: no environment is called ${quote(name)}`, suggest(name, environmentNames));
}

/** Whether what differs can be changed in place between two rounds. */
export const fitOneLab = ({ a, b }: OnBoth<Prepared>): boolean =>
  a.env === b.env && isDeepStrictEqual(a.own, b.own) && serves(siteOf(a), siteOf(b));

const siteOf = ({ planned: { plan, mesh } }: Prepared) => ({ topology: plan.topology, mesh });

/** Whether nothing differs that a round could show. */
export const areTheSame = (both: OnBoth<Prepared>): boolean =>
  fitOneLab(both) && trialOf(both.a) === trialOf(both.b);

function trialOf(side: Prepared): string {
  const { plan, configuration } = side.planned;
  return asText({ ...plan.trial, configuration: configuration.files.map(({ content }) => content) }, side);
}

/** Whether both are loaded alike. */
export const sameLoads = ({ a, b }: OnBoth<Prepared>): boolean => loadsOf(a) === loadsOf(b);

const loadsOf = (side: Prepared) => asText(side.planned.plan.trial.loads, side);

/** Everything of a side that decides what a round of it shows, as text. */
export const decisiveOf = (side: Prepared): string => {
  const { planned, env, own } = side;
  return asText([planned.plan, planned.configuration.files, planned.mesh.version, env, own], side);
};

/** Data as text in which the files of a commit are called what they are called where one stands. */
const asText = (data: unknown, { at }: Prepared) =>
  at === undefined ? JSON.stringify(data) : JSON.stringify(data).replaceAll(`${at.here}/`, '');
