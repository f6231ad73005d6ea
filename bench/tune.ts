/**
 * How pool sizes are searched: thousands of searches on a closed form under false verdicts, side by side with plain
 * bisection and with a grid. `npm run bench:tune -- [searches] [seed]`; seconds. `npm run bench:tune -- lab [searches]
 * [shape]`: real searches for six services whose best limits are known; five of each take about 90 minutes; `consul
 * [searches] [shape]`: the same on Consul. `npm run bench:tune -- filters`: the limits found beside Envoy's filters that
 * adapt by themselves; about 12 minutes.
 */
import { compareFilters } from './tune-filters.ts';
import { searchOnLab } from './tune-lab.ts';
import { simulate } from './tune-search.ts';

const [first, second, third] = process.argv.slice(2);
if (first === 'lab') await searchOnLab('istio', Number(second ?? 5), third);
else if (first === 'consul') await searchOnLab('consul', Number(second ?? 5), third);
else if (first === 'filters') await compareFilters(second);
else simulate(Number(first ?? 2_000), Number(second ?? 1));
