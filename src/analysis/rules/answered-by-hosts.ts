import { formatCount, plural } from '../../kit/format.ts';
import { countEndings } from '../traffic/traffic.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Somebody of the topology has answered: where sidecars answer everything themselves, no host was under test. */
export const answeredByHosts: Rule = {
  name: 'answered-by-hosts',
  title: 'Successes came from hosts',
  judge({ traffic }) {
    const counts = countEndings(traffic);
    let ok = 0;
    let byHosts = 0;
    for (const [number, { outcome, answeredBy, fromHost }] of traffic.endings.entries()) {
      if (outcome !== 'ok') continue;
      ok += counts[number] ?? 0;
      if (answeredBy >= 0 && fromHost) byHosts += counts[number] ?? 0;
    }
    const limit = 'at least one of them';
    if (ok === 0) return { ...NOT_APPLICABLE, observed: 'nothing succeeded', limit };
    return judgement(
      byHosts === 0,
      `${formatCount(byHosts)} of ${plural(ok, 'success', 'successes')}`,
      limit,
      "The clients' sidecars have made every answer themselves, as a filter, a cache, a redirect or a direct response of the mesh configuration does: no host of the topology was ever asked.",
    );
  },
};
