import { isDeepStrictEqual } from 'node:util';
import { environmentError } from '../../../kit/errors.ts';
import { type NotYet, notYet } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import { ProblemsError } from '../../../kit/problems.ts';
import { byOrder, type DesiredEntry } from './desired.ts';

const timeoutMs = 10_000;

const keyOf = ({ kind, name }: Pick<DesiredEntry, 'kind' | 'name'>) => `${kind}/${name}`;

/** The HTTP interface of an agent, as far as a lab needs it. https://developer.hashicorp.com/consul/api-docs */
export class AgentApi {
  readonly #address: string;
  /** The entries that the agent has been given, by kind and name. */
  readonly #applied = new Map<string, DesiredEntry>();

  /** "127.1.2.1:8500". */
  constructor(address: string) {
    this.#address = address;
  }

  /** How many sidecars each of these services has, healthy or not; or why nobody knows yet. */
  async sidecars(services: readonly string[]): Promise<ReadonlyMap<string, number> | NotYet> {
    try {
      const counts = await Promise.all(
        services.map(async (service) => {
          const { status, body } = await this.#ask('GET', `/v1/health/connect/${service}`);
          if (status !== 200) throw new Error(`it answers ${status}: ${body.slice(0, 200)}`);
          return [service, (JSON.parse(body) as unknown[]).length] as const;
        }),
      );
      return new Map(counts);
    } catch (error) {
      return notYet(error instanceof Error ? error.message : String(error));
    }
  }

  /** Whether its one server leads: until then it keeps nothing. */
  async leads(): Promise<boolean> {
    return this.#ask('GET', '/v1/status/leader').then(
      ({ status, body }) => status === 200 && body.trim() !== '""',
      () => false,
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
    for (const each of changed) if (keyOf(each) !== last) await this.#put(each);
    const marker = wanted.get(last);
    if (marker !== undefined && changed.includes(marker)) await this.#put(marker);
  }

  async #put(entry: DesiredEntry): Promise<void> {
    const { status, body } = await this.#ask('PUT', '/v1/config', JSON.stringify(entry.body));
    if (status !== 200 || body.trim() !== 'true') throw refusal(entry, body);
    this.#applied.set(keyOf(entry), entry);
  }

  async #remove(entry: DesiredEntry): Promise<void> {
    const { status, body } = await this.#ask('DELETE', `/v1/config/${keyOf(entry)}`);
    if (status !== 200) throw refusal(entry, body);
    this.#applied.delete(keyOf(entry));
  }

  #ask(method: string, path: string, body?: string) {
    return http(`http://${this.#address}${path}`, {
      method,
      timeoutMs,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
  }
}

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
