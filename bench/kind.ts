/**
 * What watching twelve pods of a kind cluster costs the harness while they are under load, and how soon a kept
 * cluster answers. Needs Docker and kind, or `npm run test:kind:prepare`; the cluster is kept in between.
 */
import { kindForTests } from '../test/air-gap/settings.ts';
import { runScenario } from './support.ts';

const kind = kindForTests();
if ('missing' in kind) throw new Error(`this bench needs a kind cluster: ${kind.missing}`);
Object.assign(process.env, kind.env);
for (const round of ['first', 'again']) {
  const { verdict, series, resources, timing } = await runScenario(
    'bench/kind-pods.yaml',
    '--env',
    'kind',
    '--keep',
  );
  const steps = (series.cpu['harness'] ?? []).filter((cores) => cores !== null);
  const cores = steps.reduce((sum, each) => sum + each, 0) / steps.length;
  console.log(`twelve pods on kind, ${round} run: ${verdict}`);
  console.log(`  harness ${(cores * 100).toFixed(1)} % of a core under load (aim: 10)`);
  console.log(`  memory  ${(resources.harness.maxRssBytes / 1e6).toFixed(0)} MB at most (aim: 250)`);
  console.log(
    `  first request after ${((timing.toFirstRequestMs ?? Number.NaN) / 1_000).toFixed(1)} s${round === 'again' ? ' on a kept cluster (aim: 20)' : ''}`,
  );
}
