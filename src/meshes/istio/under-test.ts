import { stringify } from 'yaml';
import type { MeshConfiguration } from '../../model/mesh-configuration.ts';
import type { MarkedRevision } from '../contract.ts';
import { inItsNamespace, writeKubernetesYaml } from '../kubernetes/write.ts';
import { sidecarAdmin } from './sidecar-admin.ts';

/**
 * The configuration under test with the marker of its revision: not the user's text, which istiod might read
 * differently. `furnished` puts in what a resource needs where it runs.
 */
export function configurationText(
  { resources }: Pick<MeshConfiguration, 'resources'>,
  revision: MarkedRevision,
  furnished: (resource: ReturnType<typeof inItsNamespace>) => object = (resource) => resource,
): string {
  const marker = `# By this, which changes nothing, is known when sidecars hold the rest of the file.\n${stringify(sidecarAdmin.marker(revision))}`;
  return [writeKubernetesYaml(resources.map((each) => furnished(inItsNamespace(each)))), marker]
    .filter(Boolean)
    .join('---\n');
}
