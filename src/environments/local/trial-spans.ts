import { join } from 'node:path';
import { eventually, notYet } from '../../kit/eventually.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import type { SpanCounts } from '../../model/tracing.ts';
import { sidecarOf } from '../replicas.ts';
import { askSidecar, patiently } from '../sidecar-admin.ts';
import type { LabContext } from './context.ts';
import type { SpanReceiver } from './span-receiver.ts';

/** A machine with too much to do takes longer over its rounds. */
const reportTimeoutMs = 5_000;
/** Each of a sidecar's threads makes rounds of its own, the one that takes no requests too. */
const reportingRounds = 6;

/** The spans of one trial: they go into its evidence, and what sidecars say of them is held against that. */
export class TrialSpans {
  readonly #receiver: SpanReceiver;
  readonly #context: LabContext;
  readonly #before: Promise<ReadonlyMap<string, SpanCounts>>;
  #unfinished: ReadonlySet<string> = new Set();

  /** `opened`: from when on what is reported belongs to the trial. */
  constructor(receiver: SpanReceiver, evidence: string, opened: Promise<void>, context: LabContext) {
    this.#receiver = receiver;
    this.#context = context;
    this.#before = opened.then(() => this.#counts());
    this.#before.catch(() => {});
    receiver.writeTo(join(evidence, 'spans.jsonl'));
  }

  /** Waits until every sidecar has reported what it knows of requests that are over, or does not within its time. */
  async settle(): Promise<void> {
    const unfinished = await Promise.all(
      this.#running.map((host) =>
        this.#reported(host).then(
          () => [],
          () => [host.name],
        ),
      ),
    );
    this.#unfinished = new Set(unfinished.flat());
  }

  /** What sidecars have said of the spans of the trial so far, by instance. */
  async sent(): Promise<Readonly<Record<string, SpanCounts>>> {
    return since(await this.#before, await this.#counts(), this.#unfinished);
  }

  end(): Promise<void> {
    return this.#receiver.end();
  }

  get #running(): readonly HostInstance[] {
    const { layout, programs } = this.#context;
    return layout.hosts.filter(({ name }) => programs.find(sidecarOf(name)) !== undefined);
  }

  /** What those that run have said of spans so far. */
  async #counts(): Promise<ReadonlyMap<string, SpanCounts>> {
    const { spans } = this.#context.mesh.sidecar;
    const counts = await Promise.all(
      this.#running.map(async (host) => {
        const { sent, lost } = spans.read(await askSidecar(host, spans.paths));
        return [host.name, { sent, lost }] as const;
      }),
    );
    return new Map(counts);
  }

  async #reported(host: HostInstance): Promise<void> {
    const { spans } = this.#context.mesh.sidecar;
    let first: number | undefined;
    await eventually(
      () =>
        patiently(async () => {
          const { rounds, underWay } = spans.read(await askSidecar(host, spans.paths));
          // One that reports to nobody has no rounds.
          if (rounds === 0) return undefined;
          first ??= rounds;
          if (underWay > 0) return notYet('it is reporting spans');
          return rounds - first >= reportingRounds ? undefined : notYet('it may have spans to report');
        }),
      { waitingFor: `the spans of ${host.name}`, timeoutMs: reportTimeoutMs },
    );
  }
}

/** What was counted between two moments; of a sidecar that has been started anew meanwhile, since then. */
function since(
  before: ReadonlyMap<string, SpanCounts>,
  after: ReadonlyMap<string, SpanCounts>,
  unfinished: ReadonlySet<string>,
): Readonly<Record<string, SpanCounts>> {
  return Object.fromEntries(
    [...after].map(([name, { sent, lost }]) => {
      const first = before.get(name);
      const goesOn = first !== undefined && first.sent <= sent;
      const counts = goesOn ? { sent: sent - first.sent, lost: lost - first.lost } : { sent, lost };
      return [name, unfinished.has(name) ? { ...counts, unfinished: true } : counts];
    }),
  );
}
