import { stringify } from 'yaml';
import { ProblemsError } from '../../kit/problems.ts';
import type { MeshFile } from '../../model/mesh-configuration.ts';
import { meshOf } from '../index.ts';
import { fromConsul } from './from-consul.ts';
import { fromIstio } from './from-istio.ts';
import type { Loss } from './intent.ts';
import { toConsul, type Untranslated } from './to-consul.ts';
import { toIstio } from './to-istio.ts';

/** Configuration of one mesh as that of the other. */
export interface Translated {
  /** By the name of the file that it may be written to. */
  readonly files: Readonly<Record<string, string>>;
  /** What would be lost, at its place. */
  readonly losses: readonly Loss[];
  /** What cannot be said in that form, by the service that it is about. */
  readonly untranslated: readonly Untranslated[];
}

/** DestinationRules and VirtualServices as entries of these callers of the services. Throws for files with mistakes. */
export async function translateToConsul(
  files: readonly MeshFile[],
  callers: readonly string[],
): Promise<Translated> {
  const { intents, losses } = fromIstio(await soundIn('istio', files));
  const { entries, untranslated } = toConsul(intents, callers);
  const named = entries.map((entry) => [
    `${entry.Kind}-${entry.Name}.json`,
    `${JSON.stringify(entry, undefined, 2)}\n`,
  ]);
  return { files: Object.fromEntries(named), losses, untranslated };
}

/** Entries as DestinationRules and VirtualServices. Throws for files with mistakes. */
export async function translateToIstio(files: readonly MeshFile[]): Promise<Translated> {
  const { intents, losses } = fromConsul(await soundIn('consul', files));
  const named = toIstio(intents).map((resource) => [
    `${resource.kind}-${resource.metadata.name}.yaml`,
    stringify(resource),
  ]);
  return { files: Object.fromEntries(named), losses, untranslated: [] };
}

async function soundIn(kind: 'istio' | 'consul', files: readonly MeshFile[]) {
  const { problems, sound } = (await meshOf(kind)).lintConfiguration(files);
  if (problems.length > 0) throw new ProblemsError(problems);
  return sound;
}
