import { plural } from '../../kit/format.ts';
import { isOfBytes, type TopologyPlan } from '../../model/topology.ts';
import type { LoadFacts } from '../traffic/loads.ts';
import type { JudgedCheck } from './judge.ts';

/**
 * What every scenario expects without saying so: sidecars know of the requests that they pass on. Told only of loads
 * whose requests went to their service as bytes.
 */
export function blindChecks(
  loads: readonly LoadFacts[],
  { services }: TopologyPlan,
  endMs: number,
): readonly JudgedCheck[] {
  return loads
    .filter(({ isBlind }) => isBlind)
    .map(({ planned, totals }) => {
      const { name, from, to, port } = planned;
      const called = services.find((service) => service.name === to);
      const window = { name: 'run', fromMs: 0, toMs: endMs } as const;
      return {
        window,
        load: loads.length === 1 ? undefined : name,
        restsOn: 'statistics',
        lacking: undefined,
        result: {
          name: `the sidecars know of the requests of ${from} to ${to}`,
          kind: 'success-rate',
          status: 'fail',
          observed: `none of ${plural(totals?.requests ?? 0, 'request')}`,
          limit: 'of all of them',
          samples: totals?.requests ?? 0,
          window,
          reason: {
            text: `The mesh takes port ${port} of ${to} for one of bytes. A connection goes to one host, whatever comes on it, and nothing is in effect that is written of requests: routes, retries, timeouts, limits of requests, and answers that count towards an ejection.`,
            ...(called !== undefined && isOfBytes(called) && called.portName !== undefined
              ? {
                  setting: `topology services.${to}.portName: ${called.portName.text}`,
                  source: called.portName.source,
                }
              : { setting: 'not known which setting' }),
          },
        },
      };
    });
}
