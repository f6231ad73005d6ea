import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { eventually, notYet } from '../../../kit/eventually.ts';
import { serialText } from '../../../model/credentials.ts';
import type { Handed, HostInstance, OwnAuthority } from '../../contract.ts';
import type { AgentApi } from '../agent/api.ts';
import type { Datacenter } from '../datacenters.ts';

/** What of an agent an authority takes. */
export interface AgentOfAuthority {
  readonly datacenter: Datacenter;
  readonly authority: Pick<AgentApi, 'rotateAuthority' | 'roots' | 'leaf'>;
}

/** An agent has certificates issued anew within half a minute after another authority has taken over, each in its own time. */
const issuedTimeoutMs = 60_000;

/**
 * Consul's own certificate authority, one for each datacenter. It goes on to trust those before the newest for days,
 * and its agents have certificates issued anew by themselves.
 */
export class ConsulAuthority implements OwnAuthority {
  readonly #agents: readonly AgentOfAuthority[];

  constructor(agents: readonly AgentOfAuthority[]) {
    this.#agents = agents;
  }

  async rotate(): Promise<void> {
    await Promise.all(
      this.#agents.map(async ({ authority }) => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        await authority.rotateAuthority(privateKey.export({ type: 'sec1', format: 'pem' }));
      }),
    );
  }

  async issued({ name, service, network }: HostInstance, signal: AbortSignal): Promise<Handed> {
    const agent = this.#agents.find(({ datacenter }) => datacenter.network === network);
    if (agent === undefined) throw new Error(`${name} is in no datacenter`);
    return await eventually(
      async () => {
        const [roots, leafPem] = await Promise.all([agent.authority.roots(), agent.authority.leaf(service)]);
        const leaf = new X509Certificate(leafPem);
        const active = roots.find(({ isActive }) => isActive);
        if (active === undefined || !leaf.verify(new X509Certificate(active.pem).publicKey))
          return notYet(`${service} has a certificate of the authority before`);
        return {
          serial: serialText(leaf.serialNumber),
          roots: roots.map(({ pem }) => new X509Certificate(pem).fingerprint256),
        };
      },
      {
        waitingFor: `a certificate of the new authority for ${service}`,
        timeoutMs: issuedTimeoutMs,
        everyMs: 100,
        signal,
      },
    );
  }
}
