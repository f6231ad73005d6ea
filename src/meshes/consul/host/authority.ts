import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { usageError } from '../../../kit/errors.ts';
import { eventually, notYet } from '../../../kit/eventually.ts';
import { serialText } from '../../../model/credentials.ts';
import type { Handed, HostAuthority, HostInstance } from '../../contract.ts';
import type { AgentApi } from './agent-api.ts';

/** An agent issues anew within the time that it is told for it, a second here; a busy machine takes longer. */
const renewedWithinMs = 30_000;

/**
 * Consul's own authority. Another key makes another root, which the one before signs as well; from there on everything
 * is the agent's doing: it hands sidecars both roots and new certificates, and leaves the old root with them for days.
 * https://developer.hashicorp.com/consul/docs/connect/ca#root-certificate-rotation
 */
export class ConsulAuthority implements HostAuthority {
  readonly #api: AgentApi;

  constructor(api: AgentApi) {
    this.#api = api;
  }

  issue(): never {
    throw usageError('Consul issues certificates itself, and none that a fault may ask for');
  }

  async succeed(): Promise<void> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await this.#api.setAuthority(privateKey.export({ type: 'sec1', format: 'pem' }).toString());
  }

  trust(instance: HostInstance): Promise<Handed> {
    return this.#handedTo(instance);
  }

  renew(instance: HostInstance): Promise<Handed> {
    return this.#handedTo(instance);
  }

  /** What the agent hands to the sidecars of a service, once that is of its newest root. */
  async #handedTo({ service }: HostInstance): Promise<Handed> {
    return eventually(
      async () => {
        const { active, roots } = await this.#api.roots();
        const leaf = new X509Certificate(await this.#api.leaf(service));
        if (!leaf.verify(new X509Certificate(active).publicKey)) {
          return notYet('its certificate is of the root before');
        }
        return {
          serial: serialText(leaf.serialNumber),
          roots: roots.map((root) => new X509Certificate(root).fingerprint256),
        };
      },
      { waitingFor: `a certificate of the new root for ${service}`, timeoutMs: renewedWithinMs },
    );
  }
}
