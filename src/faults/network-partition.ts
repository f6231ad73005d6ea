import { z } from 'zod';
import type { ReversibleAction } from '../model/fault.ts';
import { type Instance, isServer, isWithin, type Link, linksTo } from '../model/topology.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';
import { disturb, nobodyIn } from './network.ts';

const { on: _betweenZones, ...fields } = faultFields;
const zone = (what: string) => z.string().describe(`${what}: region/zone, or a whole region.`);

const schema = z
  .strictObject({
    kind: z.literal('network-partition'),
    ...fields,
    from: zone('The locality that is not heard'),
    to: zone('The locality that does not hear it'),
  })
  .describe(
    'What one locality sends to another is lost, and nobody is told: calls, and answers to calls that come from there. The other way round all arrives; for a partition both ways, write two. Needs --env local or docker.',
  );

type Partition = Pick<z.output<typeof schema>, 'from' | 'to'>;

/** What one locality sends to another is lost. */
export const networkPartition: FaultKind<typeof schema> = {
  schema,
  subject: 'the network',
  describe: ({ from, to }) => `loses what ${from} sends to ${to}`,
  hit: (fault, replicas) =>
    replicas.filter((each) => isServer(each) && links(fault, replicas).some(({ to }) => to === each.name)),
  links: (fault, _instances, replicas) => links(fault, replicas),
  mistakes: (fault, _instances, replicas) => mistakesIn(fault, replicas),
  actions: (fault, id, _instances, replicas): readonly ReversibleAction[] => [
    ...disturb(calls(fault, replicas), id, { kind: 'loss', of: 'requests' }),
    ...disturb(calls(backwards(fault), replicas), id, { kind: 'loss', of: 'answers' }),
  ],
  proof: () => ({ kind: 'cut-link' }),
};

const backwards = ({ from, to }: Partition): Partition => ({ from: to, to: from });

const serversIn = (within: string, replicas: readonly Instance[]) =>
  replicas.filter((each) => isServer(each) && isWithin(each.locality, within));

/** From callers in one to replicas in the other. */
const calls = ({ from, to }: Partition, replicas: readonly Instance[]): readonly Link[] =>
  linksTo(serversIn(to, replicas), replicas).filter((link) => isWithin(link.from, from));

const links = (fault: Partition, replicas: readonly Instance[]): readonly Link[] => [
  ...calls(fault, replicas),
  ...calls(backwards(fault), replicas),
];

function mistakesIn(fault: Partition, replicas: readonly Instance[]) {
  const { from, to } = fault;
  if (isWithin(from, to) || isWithin(to, from)) {
    return [
      { path: ['to'], message: `a partition lies between two places, and ${to} is no other than ${from}` },
    ];
  }
  const nobody = [
    ...nobodyIn(from, 'from', replicas, 'nothing runs in'),
    ...nobodyIn(to, 'to', replicas, 'nothing runs in'),
  ];
  if (nobody.length > 0 || links(fault, replicas).length > 0) return nobody;
  return [{ path: ['from'], message: `nobody in ${from} calls ${to}, nor the other way round` }];
}
