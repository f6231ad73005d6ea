import { z } from 'zod';
import { quote, suggest } from '../kit/nearest.ts';
import type { Mistake } from '../kit/problems.ts';
import type { Disturbance, ReversibleAction } from '../model/fault.ts';
import { type Instance, isCaller, isWithin, type Link, linksTo } from '../model/topology.ts';
import { faultFields } from './fields.ts';

/** What every fault of the network on the way to some instances has. */
export const networkFields = {
  ...faultFields,
  from: z
    .string()
    .optional()
    .describe('Calls from this locality only: region/zone, or a whole region. From everywhere unless given.'),
};

interface OfCallers {
  readonly from?: string | undefined;
}

/** The links to the instances from those callers. */
export const linksInto = (
  { from }: OfCallers,
  instances: readonly Instance[],
  replicas: readonly Instance[],
): readonly Link[] =>
  linksTo(instances, replicas).filter((link) => from === undefined || isWithin(link.from, from));

/** "", or " for calls from region1/zone-east". */
export const fromText = ({ from }: OfCallers) => (from === undefined ? '' : ` for calls from ${from}`);

/** For kinds with `networkFields`: a locality from which nobody calls. */
export const noCallers = (
  { from }: OfCallers,
  _instances: readonly Instance[],
  replicas: readonly Instance[],
) => (from === undefined ? [] : nobodyIn(from, 'from', replicas.filter(isCaller), 'nobody calls from'));

/** That none of them is in a locality which a field names: "nobody calls from" there. */
export function nobodyIn(
  zone: string,
  field: string,
  of: readonly Instance[],
  what: string,
): readonly Omit<Mistake, 'at'>[] {
  const localities = [...new Set(of.map(({ locality }) => locality))];
  if (localities.some((locality) => isWithin(locality, zone))) return [];
  const hint = suggest(zone, localities);
  const message = `${what} ${quote(zone)}`;
  return [{ path: [field], message, ...(hint === undefined ? {} : { hint }) }];
}

/** Something becomes of what is sent over the links. */
export const disturb = (
  links: readonly Link[],
  id: string,
  disturbance: Disturbance,
): readonly ReversibleAction[] =>
  links.map((link) => {
    const target = { kind: 'link', ...link } as const;
    return {
      inject: { do: 'disturb-link', target, id, disturbance },
      revert: { do: 'clear-link', target, id, disturbance },
    };
  });
