import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { CredentialsMoment, CredentialsSample } from '../model/credentials.ts';
import type { PlannedFault } from '../plan/contract.ts';

/** An Envoy that has been given much to do answers late. */
const adminTimeoutMs = 2_000;

/**
 * Asks the sidecars of a lab what they show and trust in the course of a fault of certificates, and writes it to
 * credentials.jsonl: its targets', and those that may refuse them. One that does not answer is a finding of the
 * analysis.
 */
export async function recordCredentials(
  lab: Pick<Lab, 'admin' | 'instances'>,
  { sidecar: { credentials } }: Pick<Mesh, 'sidecar'>,
  { name, targets, proof }: PlannedFault,
  moment: CredentialsMoment,
  directory: string,
): Promise<void> {
  if (proof.kind !== 'certificate' && proof.kind !== 'authority') return;
  // What others have refused is counted over the whole of it.
  const asked = moment === 'injected' ? targets : lab.instances.map((each) => each.name);
  const samples = await Promise.all(
    asked.map(async (instance): Promise<CredentialsSample[]> => {
      const answers = await Promise.all(
        credentials.paths.map((path) => lab.admin(instance, path, adminTimeoutMs)),
      ).catch(() => undefined);
      if (answers === undefined) return [];
      return [{ t: Date.now(), fault: name, moment, instance, ...credentials.read(answers) }];
    }),
  );
  const lines = samples.flat().map((sample) => `${JSON.stringify(sample)}\n`);
  await appendFile(join(directory, 'credentials.jsonl'), lines.join(''));
}
