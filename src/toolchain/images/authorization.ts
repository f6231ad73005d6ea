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
      const challenges = parseChallenges(text);
      const challenge =
        challenges.find(({ scheme }) => scheme === 'bearer') ??
        challenges.find(({ scheme }) => scheme === 'basic') ??
        // Some ask without saying for what; a login is all that there is to show then.
        (credentials.kind === 'login' ? ({ scheme: 'basic', parameters: {} } as const) : undefined);
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
  // Some name a path on their own host.
  const realm = URL.parse(parameters['realm'] ?? '', place.url);
  if (!parameters['realm'] || realm === null || !/^https?:$/.test(realm.protocol))
    return { refused: 'it names no place for tokens' };
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

/**
 * The challenges in a header that are ours, of which it may have several:
 * `Basic realm="here", Bearer realm="https://…",service="…"`.
 */
function parseChallenges(header: string | null): readonly Challenge[] {
  const text = header ?? '';
  // A scheme is a word that is not quoted, and no parameter, which has an equals sign.
  const bare = text.replaceAll(/"[^"]*"/g, (quoted) => '_'.repeat(quoted.length));
  const schemes = [...bare.matchAll(/(?:^|,)\s*([\w-]+)\b(?!\s*=)/g)];
  return schemes.flatMap((found, index) => {
    const scheme = found[1]?.toLowerCase();
    if (scheme !== 'basic' && scheme !== 'bearer') return [];
    const own = text.slice(found.index, schemes[index + 1]?.index);
    const parameters = [...own.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g)];
    return [
      {
        scheme,
        parameters: Object.fromEntries(
          parameters.map(([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']),
        ),
      },
    ];
  });
}
