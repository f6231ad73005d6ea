import type { LabContext } from './context.ts';
import { GENERATOR } from './manifests.ts';

/** What runs, asked of itself: images of one's own may hold other versions than the pinned ones. */
export async function runningVersions(
  { api, namespace }: LabContext,
  client: string,
): Promise<Record<string, string>> {
  const server = JSON.parse((await api.request('GET', '/version')).body) as { gitVersion: string };
  const { output } = await api.output(namespace, client, GENERATOR, ['k6', 'version']);
  return {
    kubernetes: server.gitVersion.replace(/^v/, ''),
    k6: /v(\d\S*)/.exec(output)?.[1] ?? output.trim(),
  };
}
