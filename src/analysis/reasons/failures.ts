import {
  type AskedFor,
  type RequestQuestion,
  type TextOfReason,
  textOfRequests,
} from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import { NO_HOST, type SettledEnding } from '../traffic/traffic.ts';
import { certifyingFault } from './certifying.ts';
import type { Chain, ChainReason, Chains } from './chains.ts';
import type { Picture } from './picture.ts';
import { questionAbout } from './question.ts';
import { type Restarting, restartBehind } from './restarting.ts';

/** A request that failed, of a load or a probe, as both sides saw it. */
interface Failed {
  readonly client: SettledEnding;
  /** What the server's own sidecar said about the last attempt, when it says more than the client's. */
  readonly server: Ending | undefined;
  /** Place of the instance that sent it. */
  readonly caller: number;
  /** Milliseconds from the start of the loads: when it was due, and when it had ended. */
  readonly atMs: number;
  readonly endMs: number;
  /** The calls of apps that failed, where the app that was asked failed for one or waited for it. */
  readonly chain: Chain;
}

/** What of a run a request that failed may have failed for, beside what sidecars held. */
export interface Blame {
  /** What gave one of the two another certificate then, of those that failed for that; its place among the faults, or -1. */
  readonly certifying: number;
  /** Whether a fault was on at the host, or at one that its app called. */
  readonly disturbed: boolean;
  /** Whether it was one that cut the network to the host. */
  readonly cutOff: boolean;
  /** Whether the host's sidecar was left as it was: its app alone misbehaved. */
  readonly atApp: boolean;
  /** What of a restart it failed for, where it did. */
  readonly restarting: Restarting | undefined;
}

/** When a fault was on at an instance. */
interface FaultSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether it cut the network to it. */
  readonly cuts: boolean;
  /** Whether it was of its app alone. */
  readonly ofApp: boolean;
}

/** Finds the faults of a run that requests failed for. */
export class Faults {
  readonly #records: readonly RecordedFault[];
  readonly #evidence: Evidence;
  readonly #chains: Chains;
  /** By place of the instance: when faults were on there. */
  readonly #spans: readonly (readonly FaultSpan[])[];

  constructor(records: readonly RecordedFault[], evidence: Evidence, chains: Chains) {
    this.#records = records;
    this.#evidence = evidence;
    this.#chains = chains;
    this.#spans = evidence.context.instances.map(({ name }) =>
      records.flatMap(({ targets, planned, injectingAtMs, revertedAtMs }) =>
        injectingAtMs === undefined || !targets.includes(name)
          ? []
          : [
              {
                fromMs: injectingAtMs,
                toMs: revertedAtMs ?? Number.POSITIVE_INFINITY,
                cuts: planned.proof.kind === 'cut-link',
                ofApp: planned.actions.every(({ inject }) => inject.do === 'set-fault'),
              },
            ],
      ),
    );
  }

  blame({ client, server, caller, atMs, endMs, chain }: Failed): Blame {
    const failed = this.#chains.failed(chain) ?? { client, server, caller };
    return {
      certifying: certifyingFault({ ...failed, atMs }, this.#records, this.#evidence),
      disturbed:
        this.#wasOn(client.instance, atMs) ||
        this.#chains.called(chain).some((instance) => this.#wasOn(instance, atMs)),
      cutOff: this.#wasOn(client.instance, atMs, ({ cuts }) => cuts),
      atApp: !this.#wasOn(client.instance, atMs, ({ ofApp }) => !ofApp),
      restarting: restartBehind({ client, server, atMs, endMs, chain }, this.#records, this.#evidence),
    };
  }

  at(place: number): RecordedFault | undefined {
    return this.#records[place];
  }

  restarting({ restarting }: Blame): FailedAlike['restarting'] {
    const record = restarting && this.at(restarting.place);
    return record && { ...restarting, record };
  }

  #wasOn(instance: number, ms: number, such: (span: FaultSpan) => boolean = () => true): boolean {
    const spans = this.#spans[instance] ?? [];
    return spans.some((span) => ms >= span.fromMs && ms <= span.toMs && such(span));
  }
}

/** Requests that failed alike. */
interface FailedAlike extends Pick<Failed, 'client' | 'server' | 'chain'> {
  /** The instance that sent them, the service it called, and what for, where that is known. */
  readonly caller: string;
  readonly to: string;
  readonly request: AskedFor | undefined;
  readonly disturbed: boolean;
  readonly cutOff: boolean;
  readonly atApp: boolean;
  readonly certifying: RecordedFault | undefined;
  /** What of a restart it failed for, and the fault. */
  readonly restarting: (Restarting & { readonly record: RecordedFault }) | undefined;
  /** How long they took at least, where that tells more. */
  readonly afterMs?: number | undefined;
}

interface ReasonOfFailure {
  readonly text: TextOfReason;
  /** How they ended at the load's or the probe's own client. */
  readonly ended: RequestQuestion['ended'];
  /** The last call of the app that was asked, where it failed for one. */
  readonly onward: ChainReason | undefined;
}

/** Why requests failed, by what sidecars held then (the newest first), and by the faults that were on. */
export function reasonOfFailure(
  {
    client,
    server,
    chain,
    caller,
    to,
    request,
    disturbed,
    cutOff,
    atApp,
    certifying,
    restarting,
    afterMs,
  }: FailedAlike,
  pictures: readonly [Picture, ...Picture[]],
  { context }: Evidence,
  chains: Chains,
): ReasonOfFailure {
  const instance = client.instance === NO_HOST ? undefined : context.instances[client.instance];
  const about = { client, server, caller, to, request };
  const answers = pictures.map((picture) => {
    const question = {
      ...questionAbout(about, instance, picture),
      ...(disturbed ? { underFault: atApp ? ('app' as const) : (true as const) } : {}),
      ...(cutOff ? { cutOff: true as const } : {}),
      ...(client.noRequest === 'bytes' ? { ofBytes: true as const } : {}),
      ...(afterMs === undefined ? {} : { afterMs }),
    };
    return { question, reason: picture.reasonOfRequests(question) };
  });
  // What the newest cannot be the reason of, one that was still in effect may be.
  const { question, reason } =
    answers.find((each) => each.reason.known) ?? (answers[0] as (typeof answers)[number]);
  const onwards = client.answered
    ? pictures.flatMap((picture) => chains.reason(chain, picture, disturbed) ?? [])
    : [];
  const onward = onwards.find(({ known }) => known) ?? onwards[0];
  const past =
    client.answered && chain.length === 0 && instance !== undefined && !disturbed
      ? pictures.map((picture) => picture.pastTheSidecar(instance)).find((each) => each !== undefined)
      : undefined;
  const restarted =
    restarting && instance && pictures[0].reasonOfRestart(restarting, restarting.record, instance);
  const waiting = client.answered || chain.length === 0 ? '' : ` ${chains.waiting(chain)}`;
  const { cause, ...rest } = withFault(
    restarted ?? onward?.told ?? past ?? textOfRequests(reason, question),
    certifying,
  );
  const isTriedAgain = client.clues?.retry === 'used-up' && client.noRequest !== 'bytes';
  const retried = isTriedAgain
    ? ' Retries were used up.'
    : question.untried
      ? ' It was not tried again, since too many retries were on their way.'
      : '';
  return { text: { ...rest, cause: `${cause}${waiting}${retried}` }, ended: question.ended, onward };
}

/** The same with the fault that it comes of, before the settings that have a part in it. */
function withFault(text: TextOfReason, fault: RecordedFault | undefined): TextOfReason {
  if (fault === undefined) return text;
  const { cause, others = [], ...first } = text;
  const { name, description, source } = fault.planned;
  return { cause, setting: `fault ${name}: ${description}`, source, others: [first, ...others] };
}
