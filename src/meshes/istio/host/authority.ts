import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handed, HostAuthority, HostInstance } from '../../contract.ts';
import { spiffeId } from '../names.ts';
import { type CertificateAuthority, createCertificateAuthority } from './certificates.ts';

/** Where pilot-agent looks for them, below a sidecar's working folder. */
const folder = 'var/run/secrets/workload-spiffe-credentials';

/** What a sidecar's files hold. */
interface Files {
  readonly serial: string;
  /** None before the first certificate. */
  readonly issuer?: CertificateAuthority;
  readonly roots: readonly CertificateAuthority[];
}

/**
 * The certificate authority of a lab, which writes what it issues where pilot-agents watch for it. An agent reads key
 * and chain again when the chain changes, and never gives its Envoy two that do not match. So each file takes the place
 * of the one before in one step, and the key is there before the chain.
 */
export class Authority implements HostAuthority {
  readonly #namespace: string;
  readonly #files = new Map<string, Files>();
  #newest: CertificateAuthority;
  #before: CertificateAuthority | undefined;
  #count = 1;
  #stranger: Promise<CertificateAuthority> | undefined;

  private constructor(namespace: string, first: CertificateAuthority) {
    this.#namespace = namespace;
    this.#newest = first;
  }

  static async create(namespace: string): Promise<Authority> {
    return new Authority(namespace, await createCertificateAuthority('run 1'));
  }

  /** Writes what a sidecar starts with. */
  async provide(instance: HostInstance): Promise<void> {
    await mkdir(join(instance.directory, folder), { recursive: true, mode: 0o700 });
    await this.trust(instance, 'newest');
    await this.renew(instance);
  }

  async issue(
    instance: HostInstance,
    { by, expired, serviceAccount = instance.serviceAccount }: Parameters<HostAuthority['issue']>[1],
  ): Promise<Handed> {
    const issuer = by === 'stranger' ? await this.#unknown() : this.#newest;
    const { chain, key, serial } = await issuer.issue(spiffeId(this.#namespace, serviceAccount), expired);
    await this.#write(instance, 'key.pem', key);
    await this.#write(instance, 'cert-chain.pem', chain);
    return this.#hand(instance, { serial, issuer });
  }

  async succeed(): Promise<void> {
    this.#before = this.#newest;
    this.#count += 1;
    this.#newest = await createCertificateAuthority(`run ${this.#count}`);
  }

  async trust(instance: HostInstance, whom: 'both' | 'newest'): Promise<Handed> {
    const roots = [this.#newest, ...(whom === 'both' && this.#before ? [this.#before] : [])];
    await this.#write(instance, 'root-cert.pem', roots.map(({ root }) => root).join(''));
    return this.#hand(instance, { roots });
  }

  async renew(instance: HostInstance): Promise<Handed> {
    if (this.#files.get(instance.name)?.issuer === this.#newest) return this.#hand(instance, {});
    return await this.issue(instance, { by: 'authority', expired: false });
  }

  /** An authority that nobody trusts. */
  #unknown(): Promise<CertificateAuthority> {
    this.#stranger ??= createCertificateAuthority('stranger');
    return this.#stranger;
  }

  #hand({ name }: HostInstance, changed: Partial<Files>): Handed {
    const before = this.#files.get(name) ?? { serial: '', roots: [] };
    const files: Files = { ...before, ...changed };
    this.#files.set(name, files);
    return { serial: files.serial, roots: files.roots.map(({ fingerprint }) => fingerprint) };
  }

  async #write({ directory }: HostInstance, name: string, content: string): Promise<void> {
    const path = join(directory, folder, name);
    await writeFile(`${path}.new`, content, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}
