import { isDeepStrictEqual } from 'node:util';
import { environmentError } from '../../../kit/errors.ts';
import { notYet, notYetSince, type Ready } from '../../../kit/eventually.ts';
import { ProblemsError } from '../../../kit/problems.ts';
import type { ControlPlaneWay } from '../../contract.ts';
import { MARKER_SERVICE } from '../names.ts';
import { byOrder, type DesiredEntry } from './desired.ts';

const keyOf = ({ kind, name }: Pick<DesiredEntry, 'kind' | 'name'>) => `${kind}/${name}`;

/** A check as the agent makes it itself: its output is empty until it has been made. */
interface LocalCheck {
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
}

/** A sidecar as callers hear of it; a check that is of no service is of the machine. */
interface ToldInstance {
  readonly Checks: readonly {
    readonly CheckID: string;
    readonly ServiceID: string;
    readonly Status: string;
  }[];
}

/** What an agent says of a peer of its own. */
interface Peering {
  readonly State: string;
  readonly StreamStatus: {
    readonly ImportedServices: readonly string[] | null;
    readonly ExportedServices: readonly string[] | null;
    /** Of this start of the agent; absent, or in the year 1, until something has come. */
    readonly LastReceive: string | null;
  };
}

/** The HTTP interface of an agent, as far as a lab needs it. https://developer.hashicorp.com/consul/api-docs */
export class AgentApi {
  readonly #ask: ControlPlaneWay['ask'];
  /** The entries that the agent has been given, by kind and name. */
  readonly #applied = new Map<string, DesiredEntry>();

  constructor(ask: ControlPlaneWay['ask']) {
    this.#ask = ask;
  }

  /**
   * Whether all that was ever written to it is there: a server that is started again leads before it has read its log,
   * and only an answer that is to be consistent waits for that.
   */
  async hasReadItsLog(): Promise<Ready> {
    return this.#ask('GET', '/v1/catalog/nodes?consistent').then(
      ({ status, body }) => (status === 200 ? undefined : notYet(`its server says: ${body.slice(0, 200)}`)),
      notYetSince,
    );
  }

  /** Gives the agent a check of the machine that passes, and fails by itself after so long; its server hears of it at once. */
  async addLapsingCheck(name: string, afterMs: number): Promise<void> {
    await this.#put('/v1/agent/check/register', { Name: name, Status: 'passing', TTL: `${afterMs}ms` });
  }

  async removeCheck(name: string): Promise<void> {
    await this.#put(`/v1/agent/check/deregister/${name}`);
  }

  /** How its server has a check; undefined where it has none of that name. */
  async statusOf(name: string): Promise<string | undefined> {
    const told = await this.#json<ToldInstance['Checks']>('/v1/health/state/any?consistent');
    return told.find(({ CheckID }) => CheckID === name)?.Status;
  }

  /** Lets the agent read its files again: services and sidecars come all at once, where each by itself would be slow. */
  async reload(): Promise<void> {
    const { status, body } = await this.#ask('PUT', '/v1/agent/reload');
    if (status !== 200)
      throw environmentError(`Consul does not take the services of the lab: ${body.trim()}`);
  }

  /**
   * Whether callers of these services are told what is so: the agent knows as many sidecars of each, or gateways, and
   * what it tells of their health it has looked at itself since it was started. One that has only just started takes all
   * for dead.
   */
  async knows(
    replicas: ReadonlyMap<string, number>,
    gateways: ReadonlyMap<string, number> = new Map(),
  ): Promise<Ready> {
    const asked = [
      ...[...replicas].map(([service, wanted]) => ({ service, wanted, what: 'connect', are: 'sidecars of' })),
      ...[...gateways].map(([service, wanted]) => ({ service, wanted, what: 'service', are: 'gateways' })),
    ];
    try {
      const looked = await this.#looked();
      for (const { service, wanted, what, are } of asked) {
        const there = await this.#json<readonly ToldInstance[]>(`/v1/health/${what}/${service}?consistent`);
        if (there.length < wanted) {
          return notYet(`it knows ${there.length} of ${wanted} ${are} ${service} yet`);
        }
        const stale = there
          .flatMap(({ Checks }) => Checks)
          .find(({ CheckID, ServiceID, Status }) => ServiceID !== '' && looked.get(CheckID) !== Status);
        if (stale !== undefined) return notYet(`it has not told yet how ${stale.ServiceID} is`);
      }
      return undefined;
    } catch (error) {
      return notYetSince(error);
    }
  }

  /** Has callers be told that a service is not to be called, or that it is again. */
  async withdraw(id: string, isAway: boolean): Promise<void> {
    await this.#put(`/v1/agent/service/maintenance/${id}?enable=${isAway}`);
  }

  /** Lets a new authority with this key issue certificates; the one before signs its root, and goes on to be trusted. */
  async rotateAuthority(privateKey: string): Promise<void> {
    await this.#put('/v1/connect/ca/configuration', {
      Provider: 'consul',
      Config: { PrivateKey: privateKey },
    });
  }

  /** Root certificates in PEM, and which of them issues. */
  async roots(): Promise<readonly { readonly pem: string; readonly isActive: boolean }[]> {
    const { Roots } = await this.#json<{
      readonly Roots: readonly { readonly RootCert: string; readonly Active: boolean }[];
    }>('/v1/connect/ca/roots');
    return Roots.map(({ RootCert, Active }) => ({ pem: RootCert, isActive: Active }));
  }

  /** The certificate in PEM that the sidecars of a service have of this agent. */
  async leaf(service: string): Promise<string> {
    const { CertPEM } = await this.#json<{ readonly CertPEM: string }>(
      `/v1/agent/connect/ca/leaf/${service}`,
    );
    return CertPEM;
  }

  /** "1.16.1". */
  async version(): Promise<string> {
    const { Config } = await this.#json<{ readonly Config: { readonly Version: string } }>('/v1/agent/self');
    return Config.Version;
  }

  /**
   * Makes another agent its peer, by the name of that one's datacenter; `own` is the name of its own. One that leads has
   * its certificate for peers a moment later, and knows of no name until then.
   */
  async peerWith(other: AgentApi, name: string, own: string): Promise<Ready> {
    const asked = await other.#ask('POST', '/v1/peering/token', JSON.stringify({ PeerName: own }));
    if (asked.status !== 200)
      throw environmentError(`Consul gives no token for a peer: ${asked.body.trim()}`);
    const { PeeringToken } = JSON.parse(asked.body) as { readonly PeeringToken: string };
    const { status, body } = await this.#ask(
      'POST',
      '/v1/peering/establish',
      JSON.stringify({ PeerName: name, PeeringToken }),
    );
    if (status === 200) return undefined;
    if (/unrecognized name|connection refused/.test(body)) return notYet(`${name} takes no peers yet`);
    throw environmentError(`Consul takes no peer: ${body.trim()}`);
  }

  /**
   * Whether callers of what a peer exports are told what is so: the two hear of each other, and this one knows all that
   * the other exports, with as many gateways as lead there and their health as the other tells it, whatever that is.
   */
  async hearsOf(
    other: AgentApi,
    name: string,
    own: string,
    gateways: ReadonlyMap<string, number>,
  ): Promise<Ready> {
    try {
      const [here, there] = await Promise.all([
        this.#json<Peering>(`/v1/peering/${name}`),
        other.#json<Peering>(`/v1/peering/${own}`),
      ]);
      for (const { State, StreamStatus } of [here, there]) {
        if (State !== 'ACTIVE' || !(Date.parse(StreamStatus.LastReceive ?? '') > 0))
          return notYet(`${own} and ${name} do not hear of each other yet (${State})`);
      }
      const known = new Set(here.StreamStatus.ImportedServices ?? []);
      const missing = (there.StreamStatus.ExportedServices ?? []).find((service) => !known.has(service));
      if (missing !== undefined) return notYet(`${own} does not know ${missing} of ${name} yet`);
      const wanted = [...gateways.values()].reduce((sum, count) => sum + count, 0);
      if (wanted === 0) return undefined;
      // Gateways are all that is seen of an exported service.
      const imported = await this.#json<readonly ToldInstance[]>(
        `/v1/health/connect/${MARKER_SERVICE}?consistent&peer=${name}`,
      );
      if (imported.length < wanted)
        return notYet(`${own} knows ${imported.length} of ${wanted} gateways of ${name} yet`);
      const named = [...gateways.keys()].map((gateway) =>
        other.#json<readonly ToldInstance[]>(`/v1/health/service/${gateway}?consistent`),
      );
      const told = (await Promise.all(named)).flat();
      return well(imported) === well(told)
        ? undefined
        : notYet(`${own} has not heard yet how the gateways of ${name} are`);
    } catch (error) {
      return notYetSince(error);
    }
  }

  /** Check → what came of it, of those that the agent has made since it was started. */
  async #looked(): Promise<ReadonlyMap<string, string>> {
    const checks = await this.#json<Readonly<Record<string, LocalCheck>>>('/v1/agent/checks');
    return new Map(
      Object.values(checks).flatMap(({ CheckID, Status, Output }) =>
        Output === '' ? [] : [[CheckID, Status] as const],
      ),
    );
  }

  /**
   * Gives the agent these entries in the place of those before; the last of them is the one whose coming says that all
   * the others are there. Throws a ProblemsError for one that Consul refuses.
   */
  async apply(entries: readonly DesiredEntry[], last: string): Promise<void> {
    const wanted = new Map(entries.map((each) => [keyOf(each), each]));
    const gone = [...this.#applied.values()].filter((each) => !wanted.has(keyOf(each))).toSorted(byOrder);
    const changed = entries.filter(
      (each) => !isDeepStrictEqual(this.#applied.get(keyOf(each))?.body, each.body),
    );
    // A router may go only before the resolver whose subsets it names, and a protocol comes before routes.
    for (const each of gone.toReversed()) await this.#remove(each);
    for (const each of changed) if (keyOf(each) !== last) await this.#write(each);
    const marker = wanted.get(last);
    if (marker !== undefined && changed.includes(marker)) await this.#write(marker);
  }

  async #write(entry: DesiredEntry): Promise<void> {
    const { status, body } = await this.#ask('PUT', '/v1/config', JSON.stringify(entry.body));
    if (status !== 200 || body.trim() !== 'true') throw refusal(entry, body);
    this.#applied.set(keyOf(entry), entry);
  }

  async #put(path: string, body?: object): Promise<void> {
    const { status, body: said } = await this.#ask('PUT', path, body && JSON.stringify(body));
    if (status !== 200) throw new Error(`it answers ${status} to ${path}: ${said.slice(0, 200)}`);
  }

  async #remove(entry: DesiredEntry): Promise<void> {
    const { status, body } = await this.#ask('DELETE', `/v1/config/${keyOf(entry)}`);
    if (status !== 200) throw refusal(entry, body);
    this.#applied.delete(keyOf(entry));
  }

  async #json<T>(path: string): Promise<T> {
    const { status, body } = await this.#ask('GET', path);
    if (status !== 200) throw new Error(`it answers ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as T;
  }
}

/** How many of them are well. */
const well = (instances: readonly ToldInstance[]) =>
  instances.filter(({ Checks }) => Checks.every(({ Status }) => Status === 'passing')).length;

/** What Consul does not take, with its own words. */
function refusal({ kind, name, from }: DesiredEntry, body: string): Error {
  const said = body
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replace(/^.*?rpc error(?: making call)?: /, '');
  if (from === undefined) return environmentError(`Consul refuses ${kind}/${name} of the lab's own: ${said}`);
  return new ProblemsError([
    { file: from.file, line: from.line, path: `${kind}/${name}`, message: `Consul refuses it: ${said}` },
  ]);
}
