import { existsSync } from 'node:fs';
import { usageError } from '../kit/errors.ts';
import { nearest, quote } from '../kit/nearest.ts';
import { type Changes, shownArguments } from '../scenario/load.ts';

/** The two that are compared: A is what there is, B what is to take its place. */
export const sideNames = ['a', 'b'] as const;
export type SideName = (typeof sideNames)[number];
export type OnBoth<T> = Readonly<Record<SideName, T>>;

export function onBoth<T>(of: (side: SideName) => T): OnBoth<T> {
  return { a: of('a'), b: of('b') };
}

/** What one side is, as it was written: each part changes one thing about the scenario, or about what runs it. */
export interface Side {
  /** "config:mesh/new.yaml, set:load.rate=400/s"; "as written" when nothing is changed. */
  readonly label: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly profile?: string;
  readonly env?: string;
  /** A commit; the scenario and its files are as they are there. */
  readonly git?: string;
  /** Version of an Envoy, or path of one, that runs in the place of the pinned one. */
  readonly envoy?: string;
  /** What runs in the place of the sample app: a command, or in containers an image. */
  readonly app?: string;
  /** Version of the mesh, or its kind. */
  readonly mesh?: string;
}

const parts = {
  config: 'config:PATH',
  set: 'set:PATH=VALUE',
  profile: 'profile:NAME',
  env: 'env:NAME',
  git: 'git:COMMIT',
  mesh: 'mesh:VERSION',
  envoy: 'envoy:VERSION',
  app: 'app:COMMAND',
} as const;
type Part = keyof typeof parts;

/** Those of which a side has one at most. */
const single = ['profile', 'env', 'git', 'mesh', 'envoy', 'app'] as const satisfies readonly Part[];

/** What a side may be, for help and for mistakes. */
const sideGrammar = Object.values(parts).join(', ');

/** What `--a` or `--b` says, given once for each part. Throws a usage error for what it cannot be. */
export function readSide(option: '--a' | '--b', texts: readonly string[]): Side {
  const found: Record<Part, string[]> = {
    config: [],
    set: [],
    profile: [],
    env: [],
    git: [],
    mesh: [],
    envoy: [],
    app: [],
  };
  for (const text of texts) {
    const [part, value] = partOf(option, text);
    found[part].push(value);
  }
  for (const part of single) {
    if (found[part].length > 1) {
      throw usageError(
        `${option}: ${part}: is there ${found[part].length} times`,
        `one side has one; compare ${found[part].join(' and ')} with each other by --a ${part}:${found[part][0]} --b ${part}:${found[part][1]}`,
      );
    }
  }
  const one = (part: Part) => (found[part][0] === undefined ? {} : { [part]: found[part][0] });
  return {
    label: texts.length === 0 ? 'as written' : texts.map(labelOf).join(', '),
    config: found.config,
    set: found.set,
    ...one('profile'),
    ...one('env'),
    ...one('git'),
    ...one('mesh'),
    ...one('envoy'),
    ...one('app'),
  };
}

/** The scenario's changes on one side: its own on top of those of both. */
export function changesOf(side: Side, common: Changes): Changes {
  const profile = side.profile ?? common.profile;
  // A version begins with a number, and the name of a mesh does not.
  const version = /^\d/.test(side.mesh ?? '') ? side.mesh : undefined;
  const mesh = version === undefined ? (side.mesh ?? common.mesh) : common.mesh;
  return {
    ...common,
    ...(profile === undefined ? {} : { profile }),
    ...(mesh === undefined ? {} : { mesh }),
    set: [
      ...common.set,
      ...side.set,
      // It is one of the fields of a scenario.
      ...(version === undefined ? [] : [`mesh.version=${version}`]),
    ],
    config: side.config.length > 0 ? side.config : common.config,
  };
}

function partOf(option: string, text: string): readonly [Part, string] {
  const [, name = '', value = ''] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (name in parts) {
    if (value !== '') return [name as Part, value];
    throw usageError(
      `${option}: ${quote(text)} says nothing after the colon`,
      `write ${parts[name as Part]}`,
    );
  }
  if (text !== '' && existsSync(text)) return ['config', text];
  if (/^[\w.]+=/.test(text)) {
    throw usageError(
      `${option}: ${quote(text)} is no part of a side`,
      `for a value of the scenario write ${option} set:${text}`,
    );
  }
  const meant = nearest(name === '' ? text : name, Object.keys(parts));
  throw usageError(
    `${option}: ${quote(text)} is no file and no part of a side`,
    `${meant === undefined ? '' : `did you mean ${meant}:? `}it takes ${sideGrammar}, or a path of mesh configuration`,
  );
}

/** A part as it may be shown: without the secrets that values of a scenario may be. */
function labelOf(text: string): string {
  if (!text.startsWith('set:')) return text;
  return `set:${shownArguments(['--set', text.slice('set:'.length)])[1]}`;
}
