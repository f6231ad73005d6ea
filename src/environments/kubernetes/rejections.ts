import { eventually } from '../../kit/eventually.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { RunContext } from '../../model/evidence.ts';
import { type ClusterApi, podLog } from './api.ts';
import { patiently } from './context.ts';
import { podName, type Roster, restarts } from './pods.ts';

const patienceMs = 10_000;
const mostBytes = 4_000_000;

/** A sidecar that did not take its configuration, with the words it gave. */
export interface PodRejection {
  readonly pod: string;
  readonly instance: string;
  readonly reason: string;
}

/** What sidecars of this run's pods have rejected, as the control plane's logs say. What was read once is kept when pods go. */
export class Rejections {
  readonly #api: ClusterApi;
  readonly #mesh: Mesh;
  readonly #roster: Roster;
  readonly #startedAt: Date;
  readonly #gaps: RunContext['gaps'][number][] = [];
  readonly #known = new Map<string, PodRejection>();

  constructor(api: ClusterApi, mesh: Mesh, roster: Roster, startedAt: Date) {
    this.#api = api;
    this.#mesh = mesh;
    this.#roster = roster;
    this.#startedAt = startedAt;
  }

  /** Where it is not known whether something was rejected. */
  get gaps(): RunContext['gaps'] {
    return this.#gaps;
  }

  /** The same, for when a run must go on: what cannot be read in ten seconds is a gap. */
  async readPatiently(): Promise<readonly PodRejection[]> {
    const attempt = patiently(async () => ({ found: await this.read() }));
    const options = { waitingFor: 'the log of the control plane', timeoutMs: patienceMs, everyMs: 500 };
    const answer = await eventually(attempt, options).catch((error: Error) => error.message);
    if (typeof answer !== 'string') return answer.found;
    const what = `what ${this.#mesh.cluster.controlPlane.deployment} says of rejected configuration (${answer})`;
    this.#gaps.push({ what, fromMs: this.#startedAt.getTime(), toMs: Date.now() });
    return [...this.#known.values()];
  }

  /** What was rejected so far. Throws when the API server does not answer: no answer is not "none". */
  async read(): Promise<readonly PodRejection[]> {
    const { namespace, labelSelector } = this.#mesh.cluster.controlPlane;
    const pods = await this.#api.pods(namespace, labelSelector);
    const logs = await Promise.all(
      pods.flatMap((pod) => {
        const lives = restarts(pod) > 0 ? ['true', 'false'] : ['false'];
        return lives.map((previous) => this.#log(podName(pod), previous));
      }),
    );
    for (const { pod, reason } of this.#mesh.cluster.rejections(logs.join('\n'))) {
      const member = this.#roster.members.find((candidate) => podName(candidate.pod) === pod);
      if (member) this.#known.set(`${pod} ${reason}`, { pod, instance: member.instance.name, reason });
    }
    return [...this.#known.values()];
  }

  async #log(pod: string, previous: string): Promise<string> {
    const { namespace, container } = this.#mesh.cluster.controlPlane;
    // To the second: the API knows nothing finer.
    const sinceTime = this.#startedAt.toISOString().replace(/\.\d+/, '');
    const options = { container, previous, sinceTime, limitBytes: String(mostBytes) };
    const { status, body } = await this.#api.request('GET', podLog(namespace, pod, options));
    if (status === 200 && body.length < mostBytes) return body;
    if (status === 200) throw new Error(`the log of ${pod} is longer than ${mostBytes / 1e6} MB`);
    // 400: it has not begun yet, or has no life before; 404: it is gone since it was listed. Neither has said anything.
    if (status === 400 || status === 404) return '';
    throw new Error(`the log of ${pod}: ${status} ${body.slice(0, 200)}`);
  }
}
