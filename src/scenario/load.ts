import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { hideIn } from '../kit/hidden.ts';
import { suggest } from '../kit/nearest.ts';
import { mapAt, type Path, valueAt } from '../kit/path.ts';
import { type Mistake, type Problem, ProblemsError } from '../kit/problems.ts';
import { readTextFile } from '../kit/text-file.ts';
import { parseYaml, type YamlDocument } from '../kit/yaml-source.ts';
import { filesIn, uselessFields } from '../load/written.ts';
import { meshKinds } from '../meshes/index.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';
import { explainIssues } from './explain.ts';
import { loadsIn } from './loads.ts';
import { readMeshFiles } from './mesh-files.ts';
import { scenarioNamed } from './named.ts';
import {
  applyOverrides,
  type Override,
  parseSet,
  parseSetEnv,
  parseSetFile,
  writtenOverrides,
} from './overrides.ts';
import { type LoadedScenario, type Scenario, scenarioSchema } from './schema.ts';
import { concernsSecrets, secretsIn } from './secrets.ts';

/** What the operator may change about a scenario without touching its file. */
export interface Changes {
  /** The kind of mesh to run it on, where that is another one than the scenario's own. */
  readonly mesh?: string;
  readonly profile?: string;
  /** `a.b=c`, the value as YAML; null or nothing takes a field away. */
  readonly set: readonly string[];
  /** `a.b=VARIABLE`, the value the text of an environment variable. */
  readonly setEnv?: readonly string[];
  /** `a.b=FILE`, the value the text of a file. */
  readonly setFile?: readonly string[];
  /** Files or directories instead of `mesh.configuration`, relative to where one stands. */
  readonly config: readonly string[];
}

/** What a scenario runs on that does not say. */
const usualMesh = 'istio';
// Of another one there is nothing to write: the schema says which there are.
const isMeshKind = (mesh: string) => meshKinds.some((kind) => kind === mesh);

const help = 'docs/reference.md has every field; `npx breakwater lint` checks a file without running it';

/** A scenario file that was read, from which scenarios are made: one for each profile and each set of changes. */
export interface ScenarioFile {
  readonly file: string;
  readonly document: YamlDocument;
  /** By absolute path: mesh configuration that was read already. */
  readonly meshFiles: Map<string, ReturnType<typeof readMeshFiles>>;
  /** Whether its profiles were checked with an earlier scenario; with each, it would be quadratic. */
  profilesChecked: boolean;
}

/** Reads a scenario file. Throws one ProblemsError (exit code 2) with everything that is wrong with it. */
export async function loadScenario(file: string, changes: Changes): Promise<LoadedScenario> {
  return scenarioOf(await openScenario(file), changes);
}

/**
 * Reads a file, or the scenario of a bare name that came along, as far as every scenario in it needs it; throws a
 * ProblemsError when it is no scenario.
 */
export async function openScenario(named: string): Promise<ScenarioFile> {
  const file = scenarioNamed(named);
  return { file, document: await readDocument(file), meshFiles: new Map(), profilesChecked: false };
}

/** The scenario in a file with changes; throws one ProblemsError with everything that is wrong with it. */
export async function scenarioOf(opened: ScenarioFile, changes: Changes): Promise<LoadedScenario> {
  const { file, document } = opened;
  const { overrides, problems } = await overridesOf(file, document, changes);
  const applied = applyOverrides(document.value, overrides);
  problems.push(
    ...applied.problems.map(({ override, message, hint }) => ({
      ...whereOf(override, file, document, []),
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
  );
  const origins = new Origins(overrides);
  const locateHere = (mistake: Mistake) => locate(mistake, file, document, applied.value, origins);
  const value = opened.profilesChecked ? withoutProfiles(applied.value) : applied.value;
  opened.profilesChecked = true;
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) {
    const mistakes = explainIssues(parsed.error.issues, scenarioSchema, value);
    problems.push(...mistakes.map(locateHere));
  }
  if (!parsed.success || problems.length > 0) throw failure(problems);
  const scenario = parsed.data;
  const directory = dirname(resolve(file));
  const references = await readReferences(scenario, opened, directory, changes);
  const useless = loadsIn(scenario).flatMap(({ load, path }) =>
    uselessFields(load, (field) => valueAt(applied.value, [...path, field]) !== undefined).map((mistake) => ({
      ...mistake,
      path: [...path, ...mistake.path],
    })),
  );
  const mistakes = [...useless, ...references.mistakes];
  problems.push(...mistakes.map(locateHere), ...references.problems);
  if (problems.length > 0) throw failure(problems);
  const { meshFiles, changeFiles } = references;
  const isGiven = (path: Path) => origins.of(path, { below: false })?.option !== undefined;
  const { profile } = changes;
  return { scenario, file, profile, meshFiles, changeFiles, directory, locate: locateHere, isGiven };
}

/** The arguments of a command as they may be shown and kept: without the secrets that `--set` gives. */
export function shownArguments(args: readonly string[]): string[] {
  const shown = (text: string) => (parseSet(text).option ?? '').slice('--set '.length);
  return args.map((word, index) => {
    if (word.startsWith('--set=')) return `--set=${shown(word.slice('--set='.length))}`;
    // A side of a comparison.
    const [, before, assignment] = /^((?:--[ab]=)?set:)(.*)$/s.exec(word) ?? [];
    if (before !== undefined && assignment !== undefined) return before + shown(assignment);
    return args[index - 1] === '--set' ? shown(word) : word;
  });
}

/** Names of the profiles in a scenario file. */
export function profileNames({ document }: ScenarioFile): readonly string[] {
  const profiles = valueAt(document.value, ['profiles']);
  return typeof profiles === 'object' && profiles !== null ? Object.keys(profiles) : [];
}

/** The other meshes that a scenario file has something for, where it runs at all. */
export function otherMeshes({ document }: ScenarioFile): readonly string[] {
  const meshes = mapAt(document.value, ['meshes']) ?? {};
  return Object.keys(meshes).filter(
    (mesh) => valueAt(document.value, ['meshes', mesh, 'unsupported']) === undefined,
  );
}

async function readDocument(file: string): Promise<YamlDocument> {
  const read = await readTextFile(resolve(file));
  if ('message' in read) throw new ProblemsError([{ file, ...read }]);
  const { documents, problems } = parseYaml(read.text, file);
  if (problems.length > 0) throw new ProblemsError(problems);
  const [document, second] = documents;
  if (!document) throw new ProblemsError([{ file, line: 1, column: 1, message: 'the file is empty' }], help);
  if (second) {
    const { line, column } = second.place([]);
    const message = 'a second YAML document begins here; a scenario file has one';
    throw new ProblemsError([{ file, line, column, message }]);
  }
  if (typeof document.value !== 'object' || document.value === null || Array.isArray(document.value)) {
    const message = 'a scenario is a map of fields: name, description, topology, load, faults, checks';
    throw new ProblemsError([{ file, ...document.place([]), message }], help);
  }
  if (valueAt(document.value, ['apiVersion']) !== undefined) {
    const message = 'this is a Kubernetes resource, not a scenario';
    const hint = 'name it under mesh.configuration of a scenario, or check it with `npx breakwater lint`';
    throw new ProblemsError([{ file, ...document.place([]), message, hint }]);
  }
  return document;
}

function withoutProfiles(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { profiles: _, ...others } = value as { readonly profiles?: unknown };
  return others;
}

/** Whether a scenario has mesh configuration, which is in the words of one mesh. */
const hasConfiguration = (scenario: unknown): boolean =>
  [['mesh', 'configuration'], ['changes']].some((path) => {
    const written = valueAt(scenario, path);
    return written !== undefined && !(Array.isArray(written) && written.length === 0);
  });

async function overridesOf(
  file: string,
  document: YamlDocument,
  { mesh, profile, set, setEnv = [], setFile = [], config }: Changes,
) {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  const put = (place: Path, values: Record<string, unknown>) => {
    const read = writtenOverrides(document, place, values);
    overrides.push(...read.overrides);
    for (const path of read.badPaths) {
      problems.push({
        file,
        ...document.place(path, 'key'),
        path: path.join('.'),
        message: 'not a path of names',
      });
    }
  };
  if (mesh !== undefined && mesh !== (valueAt(document.value, ['mesh', 'kind']) ?? usualMesh)) {
    overrides.push({ path: ['mesh', 'kind'], value: mesh, option: `--mesh ${mesh}` });
    const { unsupported, ...values } = mapAt(document.value, ['meshes', mesh]) ?? {};
    if (unsupported !== undefined) {
      const message = `unsupported on ${mesh}, because ${String(unsupported)}`;
      problems.push({ file, ...document.place(['meshes', mesh, 'unsupported']), message });
    } else if (
      isMeshKind(mesh) &&
      hasConfiguration(document.value) &&
      Object.keys(values).length === 0 &&
      config.length === 0
    ) {
      const message = `unsupported on ${mesh}, because the scenario has no configuration for it`;
      const hint = `write it under meshes.${mesh}, such as mesh.configuration: [mesh/${mesh}/…], or give it with --config`;
      problems.push({ file, ...document.place(['mesh']), message, hint });
    }
    put(['meshes', mesh], values);
  }
  if (profile !== undefined) {
    const profiles = valueAt(document.value, ['profiles']);
    const values = valueAt(profiles, [profile]);
    const map = mapAt(profiles, [profile]);
    if (values === undefined) {
      const names = typeof profiles === 'object' && profiles !== null ? Object.keys(profiles) : [];
      const hint = suggest(profile, names) ?? `${file} has no profiles`;
      problems.push({ file: `--profile ${profile}`, message: 'there is no such profile', hint });
    } else if (map !== undefined) put(['profiles', profile], map);
  }
  for (const read of [
    ...set.map(parseSet),
    ...setEnv.map((text) => parseSetEnv(text, process.env)),
    ...(await Promise.all(setFile.map(parseSetFile))),
  ]) {
    if ('path' in read) overrides.push(read);
    else {
      const { option, ...what } = read;
      problems.push({ file: option, ...what });
    }
  }
  return { overrides, problems };
}

/** Where a mistake was written: in the file, in a profile, or on the command line. */
function locate(
  { path, at, message, hint }: Mistake,
  file: string,
  document: YamlDocument,
  value: unknown,
  origins: Origins,
): Problem {
  const there = valueAt(value, path) !== undefined;
  const override = origins.of(path, { below: there && !document.has(path) });
  const where = override
    ? whereOf(override, file, document, path.slice(override.path.length))
    : { file, ...document.place(path, at) };
  const own = concernsSecrets(path) ? secretsIn([], document.value) : [];
  const secrets = [...(override?.secrets ?? []), ...own];
  return {
    ...where,
    path: hideIn(path.join('.'), secrets),
    message: hideIn(message, secrets),
    ...(hint === undefined ? {} : { hint: hideIn(hint, secrets) }),
  };
}

/** Finds the override that a value comes from; to look through all of them for every mistake would be quadratic. */
class Origins {
  readonly #overrides: readonly Override[];
  /** Path → the last override of just that path. */
  readonly #at = new Map<string, number>();
  /** Path → the last override of it or of something below it. */
  readonly #below = new Map<string, number>();

  constructor(overrides: readonly Override[]) {
    this.#overrides = overrides;
    for (const [index, { path }] of overrides.entries()) {
      this.#at.set(keyOf(path), index);
      for (let length = 0; length <= path.length; length++)
        this.#below.set(keyOf(path.slice(0, length)), index);
    }
  }

  /** The last override of a path or of something above it, or of something below it too. */
  of(path: Path, { below }: { readonly below: boolean }): Override | undefined {
    let last = below ? (this.#below.get(keyOf(path)) ?? -1) : -1;
    for (let length = 0; length <= path.length; length++) {
      last = Math.max(last, this.#at.get(keyOf(path.slice(0, length))) ?? -1);
    }
    return this.#overrides[last];
  }
}

const keyOf = (path: Path) => path.join('\0');

function whereOf(override: Override, file: string, document: YamlDocument, rest: Path) {
  if (override.option !== undefined) return { file: override.option };
  return { file, ...document.place([...(override.within ?? []), ...rest]) };
}

/** The files a scenario names. */
async function readReferences(
  scenario: Scenario,
  { file, meshFiles: known }: ScenarioFile,
  directory: string,
  { config }: Changes,
) {
  const readOnce = (named: string, within: string) => {
    const path = resolve(within, named);
    const reading = known.get(path) ?? readMeshFiles(named, within);
    known.set(path, reading);
    return reading;
  };
  const mistakes: Mistake[] = [];
  const problems: Problem[] = [];
  const meshFiles: MeshFile[] = [];
  for (const named of config) {
    const read = await readOnce(named, process.cwd());
    if ('files' in read) meshFiles.push(...read.files);
    else problems.push({ file: `--config ${named}`, ...read });
  }
  const readBeside = async (named: readonly string[], path: Path): Promise<MeshFile[]> => {
    const files: MeshFile[] = [];
    for (const [index, each] of named.entries()) {
      const read = await readOnce(each, directory);
      if ('files' in read) files.push(...read.files.map((one) => ({ ...one, file: beside(file, one.file) })));
      else {
        const message = `${each}: ${read.message}`;
        mistakes.push({ path: [...path, index], at: 'value', message, hint: read.hint });
      }
    }
    return files;
  };
  if (config.length === 0)
    meshFiles.push(...(await readBeside(scenario.mesh.configuration, ['mesh', 'configuration'])));
  const changeFiles: MeshFile[][] = [];
  for (const [index, { apply }] of scenario.changes.entries())
    changeFiles.push(await readBeside(apply, ['changes', index, 'apply']));
  const inLoads = loadsIn(scenario).flatMap(({ load, path }) =>
    filesIn(load).map((named) => ({ ...named, path })),
  );
  for (const { field, file: named, path } of inLoads) {
    const about = await stat(resolve(directory, named)).catch(() => undefined);
    if (about?.isFile()) continue;
    const message = about === undefined ? `there is no file ${named}` : `${named} is no regular file`;
    mistakes.push({ path: [...path, field], at: 'value', message });
  }
  // A change may bring back what an earlier one has replaced.
  for (const together of [meshFiles, ...changeFiles]) {
    const paths = new Set<string>();
    for (const each of together) {
      const path = resolve(each.path);
      if (paths.has(path)) problems.push({ file: each.file, message: 'this file is named twice' });
      paths.add(path);
    }
  }
  return { mistakes, problems, meshFiles, changeFiles };
}

/** A path relative to the scenario file as one would type it where one stands. */
function beside(file: string, named: string): string {
  if (isAbsolute(named)) return named;
  const path = join(dirname(file), named);
  return isAbsolute(path) ? relative('', path) || path : path;
}

function failure(problems: readonly Problem[]): ProblemsError {
  return new ProblemsError(problems, help);
}
