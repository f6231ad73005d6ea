import type { TextOfReason } from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { InstanceContext } from '../../model/evidence.ts';
import type { RestartedService } from '../../plan/contract.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { SettledEnding } from '../traffic/traffic.ts';
import type { Chain } from './chains.ts';

/** A request that failed, as both sides saw it. */
interface Failed {
  readonly client: SettledEnding;
  readonly server: Ending | undefined;
  /** Milliseconds from the start of the loads: when it was due, and when it had ended. */
  readonly atMs: number;
  readonly endMs: number;
  readonly chain: Chain;
}

/** Which part of a restart a request failed for: the end of the sidecar, that of the app, or how the app has started. */
type Part = 'drain' | 'appDrain' | 'holdsApp';

/** What of a restart a request failed for. */
export interface Restarting {
  /** The fault's place among the records. */
  readonly place: number;
  readonly part: Part;
}

/**
 * The restart of the instance that was called that a request failed for; undefined where it did for another reason. While
 * a replica goes, what is lost on the way to its sidecar its sidecar has lost, and what the sidecar says of its app the
 * app has. After it, an app that answers 503 by itself lacks what it asked for at its start.
 */
export function restartBehind(
  { client, server, atMs, endMs, chain }: Failed,
  records: readonly RecordedFault[],
  { context: { instances } }: Evidence,
): Restarting | undefined {
  const called = instances[client.instance];
  if (called === undefined) return undefined;
  const place = records.findLastIndex(
    ({ kind, targets, injectingAtMs }) =>
      kind === 'restart' &&
      targets.includes(called.name) &&
      injectingAtMs !== undefined &&
      endMs >= injectingAtMs,
  );
  const record = records[place];
  if (record === undefined) return undefined;
  const { revertingAtMs = Number.POSITIVE_INFINITY } = record;
  if (endMs < revertingAtMs) {
    if (server?.reason === 'connect') return { place, part: 'appDrain' };
    return lostOnTheWay.has(client.reason) ? { place, part: 'drain' } : undefined;
  }
  const isOfItsStart =
    client.answered && client.status === 503 && chain.length === 0 && atMs >= revertingAtMs;
  return isOfItsStart ? { place, part: 'holdsApp' } : undefined;
}

const lostOnTheWay: ReadonlySet<Ending['reason']> = new Set(['reset', 'connect']);

/** Why requests failed for a restart, with the setting of it that decided; undefined where that says the right thing. */
export function reasonOfRestart(
  { part }: Restarting,
  { planned }: RecordedFault,
  called: Pick<InstanceContext, 'name' | 'service'>,
  services: readonly RestartedService[],
): TextOfReason | undefined {
  const settings = services.find(({ service }) => service === called.service);
  if (settings === undefined || (part === 'holdsApp' && settings.holdsApp.setting.endsWith(': true')))
    return undefined;
  const after = (drain: string) => drain.slice(drain.lastIndexOf(' ') + 1);
  const causes: Readonly<Record<Part, string>> = {
    drain: `${called.name} was told to stop, and its sidecar ended ${after(settings.drain.setting)} later, whatever was still under way: what its app had not answered by then was lost.`,
    appDrain: `${called.name} was told to stop, and its app closed its port ${after(settings.appDrain.setting)} later, before all callers had heard that it goes: its sidecar had nobody to hand their requests to.`,
    holdsApp: `The app of ${called.name} started before its sidecar was ready, so that what it calls at its start was refused: it has answered 503 to everything since.`,
  };
  return {
    cause: causes[part],
    ...settings[part],
    others: [{ setting: `fault ${planned.name}: ${planned.description}`, source: planned.source }],
  };
}
