import type { Mesh } from '../../meshes/contract.ts';
import type { ClusterApi } from './api.ts';
import { podName, type Roster, restarts } from './pods.ts';

/** A sidecar that did not take its configuration, with the words it gave. */
export interface PodRejection {
  readonly pod: string;
  readonly instance: string;
  readonly reason: string;
}

/** What sidecars of this run's pods have rejected, as the control plane's logs say: also of pods and of a control plane that are gone since. */
export class Rejections {
  readonly #api: ClusterApi;
  readonly #mesh: Mesh;
  readonly #roster: Roster;
  /** When this run began, to the second. */
  readonly #since: string;
  readonly #known = new Map<string, PodRejection>();

  constructor(api: ClusterApi, mesh: Mesh, roster: Roster) {
    this.#api = api;
    this.#mesh = mesh;
    this.#roster = roster;
    this.#since = new Date().toISOString().replace(/\.\d+/, '');
  }

  /** Reads what is new. Throws when the API server does not answer: no answer is not "none". */
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
    const query = new URLSearchParams({ container, previous, sinceTime: this.#since, limitBytes: '4000000' });
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
    const { status, body } = await this.#api.request('GET', path);
    if (status === 200) return body;
    // 400: it has not begun yet, or has no life before; 404: it is gone since it was listed. Neither has said anything.
    if (status === 400 || status === 404) return '';
    throw new Error(`the log of ${pod}: ${status} ${body.slice(0, 200)}`);
  }
}
