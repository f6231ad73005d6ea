import { eachSent, type Sent } from './arrivals.ts';
import type { Injected } from './contract.ts';

/** Everything that loads and apps have sent over the links of a fault, by the host that it went to last. */
export function eachOver(
  { fault, evidence, traffic }: Injected,
  each: (sent: Sent, host: number) => void,
): void {
  const { instances } = evidence.context;
  const places = new Map(instances.map(({ name }, place) => [name, place]));
  /** By place of the caller: the hosts at the other ends. */
  const ends = instances.map(() => new Set<number>());
  for (const { inject } of fault.planned.actions) {
    if (inject.target.kind !== 'link') continue;
    const { from, to } = inject.target;
    for (const [caller, { locality }] of instances.entries()) {
      if (locality === from) ends[caller]?.add(places.get(to) ?? -1);
    }
  }
  eachSent(evidence, traffic, (sent) => {
    const hosts = ends[sent.caller];
    if (hosts?.has(sent.ending.instance)) each(sent, sent.ending.instance);
  });
}
