import { environmentError } from '../../kit/errors.ts';
import type { LabContext } from './context.ts';
import { GENERATOR } from './manifests.ts';

/** What runs, asked of itself: images of one's own may hold other versions than the pinned ones. */
export async function askVersions(
  { api, namespace }: LabContext,
  client: string,
): Promise<Record<string, string>> {
  const server = JSON.parse((await api.request('GET', '/version')).body) as { gitVersion: string };
  const { output } = await api.output(namespace, client, GENERATOR, ['k6', 'version']);
  const k6 = /v(\d\S*)/.exec(output)?.[1];
  if (k6 === undefined) throw environmentError(`k6 in ${client} does not tell its version: ${output.trim()}`);
  return { kubernetes: server.gitVersion.replace(/^v/, ''), k6 };
}
