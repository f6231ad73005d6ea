import { plural } from '../../kit/format.ts';
import { isServer } from '../../model/topology.ts';
import { countEndings, UNKNOWN_HOST } from '../traffic/traffic.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';
import { tolerance } from './tolerance.ts';

/** Requests go where the topology is, and nowhere else. */
export const knownHosts: Rule = {
  name: 'known-hosts',
  title: 'Every host is known',
  judge({ evidence, traffic }) {
    const { calls } = evidence;
    const counts = countEndings(traffic);
    for (let row = 0; row < calls.length; row += 1) {
      const ending = calls.ending[row] as number;
      counts[ending] = (counts[ending] as number) + 1;
    }
    const unknown = traffic.endings
      .map((ending, index) => ({ ending, count: counts[index] ?? 0 }))
      .filter(({ ending }) => ending.instance === UNKNOWN_HOST);
    const total = unknown.reduce((sum, { count }) => sum + count, 0);
    const names = [...new Set(unknown.map(({ ending }) => ending.host))].slice(0, 5).join(', ');
    return judgement(
      total > tolerance(traffic.length),
      total === 0
        ? `${plural(evidence.context.instances.filter(isServer).length, 'instance')}, no others`
        : `${plural(total, 'request')} to ${names}`,
      'requests go to instances of this run',
      'Traffic left the topology: a route, a ServiceEntry or an old endpoint leads elsewhere.',
    );
  },
};
