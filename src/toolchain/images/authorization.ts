import { z } from 'zod';
import { jsonAs } from '../../kit/json.ts';
import type { ToolContext } from '../context.ts';
import type { HttpClient } from '../http-client.ts';
import { type Credentials, credentialsFor } from './credentials.ts';
import type { RegistryPlace } from './registries.ts';

/** What a registry wants to see, out of its `WWW-Authenticate`. */
interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: Readonly<Record<string, string>>;
}

/** Shows a registry who asks, as far as it wants to know: https://distribution.github.io/distribution/spec/auth/token/ */
export interface Authorization {
  /** The header that goes with the next request for a repository. */
  header(repository: string): string | undefined;
  /** Gets what a refusal asks for; why there is nothing better to show is the answer, where that is so. */
  answer(challenge: string | null, repository: string): Promise<string | undefined>;
}

const Token = z.object({ token: z.string().optional(), access_token: z.string().optional() });

export function authorizationAt(
  place: RegistryPlace,
  client: HttpClient,
  context: ToolContext,
): Authorization {
  const headers = new Map<string, string>();
  const anywhere = '';
  let known: Promise<Credentials> | undefined;
  return {
    header: (repository) => headers.get(repository) ?? headers.get(anywhere),
    async answer(text, repository) {
      known ??= credentialsFor(place, context);
      const credentials = await known;
      const problem = credentials.kind === 'none' ? credentials.problem : undefined;
      const challenge = parseChallenge(text);
      if (challenge === undefined) return problem ?? 'it does not say how to log in';
      if (challenge.scheme === 'basic') {
        if (credentials.kind !== 'login') return problem ?? 'it wants a login, and there is none for it';
        const header = basic(credentials);
        // Shown before, and refused.
        if (headers.get(anywhere) === header) return 'it does not take the login that there is for it';
        headers.set(anywhere, header);
        return undefined;
      }
      const token = await requestToken(challenge, repository, place, credentials, client, context.signal);
      if (typeof token !== 'string') return [token.refused, problem].filter(Boolean).join('; ');
      headers.set(repository, `Bearer ${token}`);
      return undefined;
    },
  };
}

const basic = ({ login: { username, password } }: Extract<Credentials, { kind: 'login' }>) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

async function requestToken(
  { parameters }: Challenge,
  repository: string,
  place: RegistryPlace,
  credentials: Credentials,
  client: HttpClient,
  signal: AbortSignal,
): Promise<string | { readonly refused: string }> {
  const realm = URL.parse(parameters['realm'] ?? '');
  if (realm === null || !/^https?:$/.test(realm.protocol)) return { refused: 'it names no place for tokens' };
  // A login that goes to the registry encrypted does not go elsewhere in plain text.
  const isPlain = realm.protocol === 'http:' && place.url.protocol === 'https:';
  if (isPlain && credentials.kind !== 'none') {
    return { refused: `its tokens are at ${realm.host} without TLS; a login does not go there` };
  }
  const scope = parameters['scope'] ?? `repository:${repository}:pull`;
  const service = parameters['service'] ?? place.url.host;
  const response = await (credentials.kind === 'identity-token'
    ? client.fetch(realm, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: credentials.token,
          client_id: 'breakwater',
          service,
          scope,
        }),
        signal,
      })
    : client.fetch(withQuery(realm, { service, scope }), {
        headers: credentials.kind === 'login' ? { authorization: basic(credentials) } : {},
        signal,
      }));
  const text = await response.text();
  if (response.status === 401 || response.status === 403) {
    const what = credentials.kind === 'none' ? 'a token without a login' : 'the login that there is for it';
    return { refused: `${realm.host} does not take ${what} (HTTP ${response.status})` };
  }
  if (!response.ok) return { refused: `${realm.host} gives no token (HTTP ${response.status})` };
  const answer = jsonAs(Token, text);
  return answer?.token ?? answer?.access_token ?? { refused: `${realm.host} gives no token` };
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const full = new URL(url);
  for (const [name, value] of Object.entries(query)) full.searchParams.set(name, value);
  return full;
}

/** The first challenge in a header that is one of ours: `Bearer realm="https://…",service="…"`. */
function parseChallenge(header: string | null): Challenge | undefined {
  const found = /\b(basic|bearer)\b\s*(.*)/is.exec(header ?? '');
  if (found?.[1] === undefined) return undefined;
  const parameters = [...(found[2] ?? '').matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g)];
  return {
    scheme: found[1].toLowerCase() === 'basic' ? 'basic' : 'bearer',
    parameters: Object.fromEntries(
      parameters.map(([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']),
    ),
  };
}
