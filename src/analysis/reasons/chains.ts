import { type TextOfReason, textOfRequests } from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { InstanceContext } from '../../model/evidence.ts';
import { NO_HOST, type SettledEnding, settleEndings } from '../traffic/traffic.ts';
import type { Picture } from './picture.ts';
import { isFromServer, questionAbout } from './question.ts';

/**
 * Rows of `Calls` that failed one because of the other: the first was made by the app that answered, the last is what
 * all of them failed for.
 */
export type Chain = readonly number[];

/** Which calls of apps were behind answers that failed. */
export class Chains {
  readonly #evidence: Evidence;
  readonly #endings: readonly SettledEnding[];

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#endings = settleEndings(evidence);
  }

  /**
   * What the app of an instance failed for when it answered a request of a load, or waited for when it did not; empty
   * where it called nobody in vain. `sinceMs`: when the request came to it, where that is known.
   */
  ofRequest(request: number, instance: number, sinceMs = Number.NEGATIVE_INFINITY): Chain {
    const { calls } = this.#evidence;
    return calls.length === 0 ? [] : this.#follow([...calls.of(request)], instance, sinceMs);
  }

  /** The same of a request that no load sent, by its id. */
  ofId([high, low]: readonly [number, number], instance: number): Chain {
    const { calls } = this.#evidence;
    const rows = Array.from({ length: calls.length }, (_, row) => row).filter(
      (row) => calls.request[row] === -1 && calls.idHigh[row] === high && calls.idLow[row] === low,
    );
    return this.#follow(rows, instance, Number.NEGATIVE_INFINITY);
  }

  /** An app gives up at the first call that fails, so its last one is the one. */
  #follow(rows: readonly number[], instance: number, sinceMs: number): Chain {
    const { startMs, caller, ending } = this.#evidence.calls;
    const failed = rows
      .filter((row) => caller[row] === instance && this.#ending(ending[row])?.outcome !== 'ok')
      .filter((row) => (startMs[row] as number) >= sinceMs - CLOCKS_MS)
      .toSorted((a, b) => (startMs[b] as number) - (startMs[a] as number))[0];
    if (failed === undefined) return [];
    const { answered, reason, instance: called = NO_HOST } = this.#ending(ending[failed]) ?? {};
    const others = rows.filter((row) => caller[row] !== instance);
    const goesOn = answered || reason === 'client-gone';
    return [failed, ...(goesOn ? this.#follow(others, called, startMs[failed] as number) : [])];
  }

  /** What tells chains apart whose reasons differ. */
  key(chain: Chain): string {
    const { calls, arrivals } = this.#evidence;
    return chain
      .map((row) => {
        const arrival = calls.lastArrival[row] as number;
        return `${calls.caller[row]} ${calls.ending[row]} ${arrivals.ending[arrival] ?? ''}`;
      })
      .join(', ');
  }

  /** "The app of shop was waiting for stock then, and that of stock for ledger."; of requests that nobody answered. */
  waiting(chain: Chain): string {
    const [first, ...others] = this.#steps(chain);
    if (first === undefined) return '';
    const more = others.map(({ from, to }) => `, and that of ${from} for ${to}`).join('');
    const who = first.gateway ? 'gateway' : 'app of';
    return `The ${who} ${first.from} was waiting for ${first.to} then${more}.`;
  }

  /** Whom the calls of a chain went to. */
  called(chain: Chain): readonly number[] {
    return chain.map((row) => this.#ending(this.#evidence.calls.ending[row])?.instance ?? NO_HOST);
  }

  /**
   * The reason of a chain's last call, after how the failure came from there; undefined for an empty one. `disturbed`:
   * a fault was on at one of whom it went to.
   */
  reason(chain: Chain, picture: Picture, disturbed = false): ChainReason | undefined {
    const { context } = this.#evidence;
    const failed = this.failed(chain);
    const caller = failed && context.instances[failed.caller];
    if (failed === undefined || caller === undefined) return undefined;
    const { client: ending, server } = failed;
    const called = context.instances[ending.instance];
    const { to, request } = picture.calledBy(caller, ending.service);
    const asked = { client: ending, server, caller: picture.heldLike(caller), to, request };
    const question = {
      ...questionAbout(asked, called, picture),
      caller: caller.service,
      ...(disturbed ? { underFault: true as const } : {}),
    };
    const reason = picture.reasonOfRequests(question);
    const told = textOfRequests(reason, question);
    const said = isFromServer(ending, server) ? server : ending;
    return {
      known: reason.known,
      told: { ...told, cause: `${wayOf(this.#steps(chain, to))} ${told.cause}` },
      ending,
      said,
      called,
    };
  }

  /** `named`: whom a call asked for that no route took anywhere. */
  #steps(chain: Chain, named = '-'): readonly Step[] {
    const { calls, context } = this.#evidence;
    return chain.map((row) => {
      const { service = '-', status = 0 } = this.#ending(calls.ending[row]) ?? {};
      const caller = context.instances[calls.caller[row] as number];
      return {
        from: caller?.service,
        gateway: caller?.gateway !== undefined,
        to: service === '-' ? named : service,
        how: status === 0 ? 'got no answer' : `got ${status}`,
      };
    });
  }

  /** A chain's last call, as both sides saw it; undefined for an empty one. */
  failed(
    chain: Chain,
  ):
    | { readonly client: SettledEnding; readonly server: Ending | undefined; readonly caller: number }
    | undefined {
    const { calls } = this.#evidence;
    const last = chain.at(-1);
    const client = last === undefined ? undefined : this.#ending(calls.ending[last]);
    if (last === undefined || client === undefined) return undefined;
    const server = client.answered ? this.#server(last) : undefined;
    return { client, server, caller: calls.caller[last] as number };
  }

  #ending(number: number | undefined): SettledEnding | undefined {
    return number === undefined ? undefined : this.#endings[number];
  }

  /** What the sidecar of whom a call reached said of it. */
  #server(call: number): Ending | undefined {
    const { arrivals, endings, calls } = this.#evidence;
    const arrival = calls.lastArrival[call] as number;
    return arrival < 0 ? undefined : endings[arrivals.ending[arrival] as number];
  }
}

export interface ChainReason {
  /** Whether the setting behind it is. */
  readonly known: boolean;
  readonly told: TextOfReason;
  /** Of the last call, as its caller's sidecar saw it, and as the one said that knows more. */
  readonly ending: SettledEnding;
  readonly said: Ending;
  readonly called: InstanceContext | undefined;
}

/** Two sidecars may look at clocks that differ by this much. */
const CLOCKS_MS = 2;

interface Step {
  readonly from: string | undefined;
  /** Whether that is a gateway, and no app. */
  readonly gateway: boolean;
  readonly to: string;
  readonly how: string;
}

/** "The app of shop failed, since its call to stock got 502, and that since the call of stock to ledger got 503." */
function wayOf([first, ...others]: readonly Step[]): string {
  if (first === undefined) return '';
  const more = others.map(({ from, to, how }) => `, and that since the call of ${from} to ${to} ${how}`);
  return first.gateway
    ? `The gateway ${first.from} could not do better, since its call to ${first.to} ${first.how}${more.join('')}.`
    : `The app of ${first.from} failed, since its call to ${first.to} ${first.how}${more.join('')}.`;
}
