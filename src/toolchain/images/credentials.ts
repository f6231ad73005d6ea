import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonAs } from '../../kit/json.ts';
import { howItEnded, runProgram } from '../../kit/run-program.ts';
import type { ToolContext } from '../context.ts';
import type { RegistryPlace } from './registries.ts';

/** A keychain that asks somebody for a password would wait for ever here. */
const HELPER_TIMEOUT_MS = 15_000;

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What there is to show to a registry: a login, a token that stands for one, or nothing, perhaps with the reason why. */
export type Credentials =
  | { readonly kind: 'login'; readonly login: Login }
  | { readonly kind: 'identity-token'; readonly token: string }
  | { readonly kind: 'none'; readonly problem?: string };

/** Docker's config.json, as far as it is about logins: https://docs.docker.com/reference/cli/docker/login/ */
const DockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
type DockerConfig = z.infer<typeof DockerConfig>;

/** With what a helper is asked: its environment, and until when. */
type Asking = Pick<ToolContext, 'env' | 'signal'>;

/** The operator's login at a registry: in its address, or as Docker keeps it (DOCKER_CONFIG), with its helpers. */
export async function credentialsFor(place: RegistryPlace, context: Asking): Promise<Credentials> {
  if (place.login !== undefined) return { kind: 'login', login: place.login };
  return dockerLogin(place, context);
}

/** A login as Docker keeps it, or as the variable of CI has it that stands for its file (DOCKER_AUTH_CONFIG). */
export async function dockerLogin(
  place: Pick<RegistryPlace, 'loginNames'>,
  context: Asking,
): Promise<Credentials> {
  const folder = context.env['DOCKER_CONFIG'] || join(context.env['HOME'] || homedir(), '.docker');
  const given = context.env['DOCKER_AUTH_CONFIG'];
  const path = given ? 'DOCKER_AUTH_CONFIG' : join(folder, 'config.json');
  const text = given || (await readFile(path, 'utf8').catch(() => undefined));
  if (text === undefined) return { kind: 'none' };
  const config = jsonAs(DockerConfig, text);
  if (config === undefined) return { kind: 'none', problem: `${path} cannot be read` };
  for (const name of place.loginNames) {
    const helper = config.credHelpers?.[name];
    if (helper !== undefined) return askHelper(helper, name, context);
  }
  const written = loginIn(config, place.loginNames);
  if (written.kind !== 'none' || !config.credsStore) return written;
  for (const name of place.loginNames.slice(0, 2)) {
    const kept = await askHelper(config.credsStore, name, context);
    if (kept.kind !== 'none' || kept.problem !== undefined) return kept;
  }
  return { kind: 'none' };
}

function loginIn({ auths = {} }: DockerConfig, names: readonly string[]): Credentials {
  const entry = names.map((name) => auths[name]).find((found) => found !== undefined);
  if (entry === undefined) return { kind: 'none' };
  if (entry.identitytoken) return { kind: 'identity-token', token: entry.identitytoken };
  if (entry.username && entry.password) {
    return { kind: 'login', login: { username: entry.username, password: entry.password } };
  }
  const [, username, password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(entry.auth ?? '', 'base64').toString('utf8')) ?? [];
  if (!username || password === undefined) return { kind: 'none' };
  // Docker ends it with a zero on some systems.
  return { kind: 'login', login: { username, password: password.replace(/\0+$/, '') } };
}

const Answer = z.object({ Username: z.string(), Secret: z.string() });

/** The protocol of https://github.com/docker/docker-credential-helpers: the name on stdin, the login as JSON. */
async function askHelper(helper: string, name: string, { env, signal }: Asking): Promise<Credentials> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) return { kind: 'none', problem: `${program} is no name of a program` };
  const result = await runProgram({
    program,
    args: ['get'],
    input: name,
    env,
    group: 'own',
    timeoutMs: HELPER_TIMEOUT_MS,
    signal,
  });
  if (result.ended === 'failed' && /credentials not found/.test(result.stdout + result.stderr)) {
    return { kind: 'none' };
  }
  if (result.ended !== 'ok') return { kind: 'none', problem: `${program} ${howItEnded(result)}` };
  const answer = jsonAs(Answer, result.stdout);
  if (answer === undefined) return { kind: 'none', problem: `${program} gave no login` };
  const { Username: username, Secret: secret } = answer;
  return username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'login', login: { username, password: secret } };
}
