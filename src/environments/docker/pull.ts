import { type Credentials, dockerLogin } from '../../toolchain/images/credentials.ts';
import { loginNamesOf } from '../../toolchain/images/registries.ts';
import { canonical, registryOf } from '../kind/images.ts';
import type { Docker } from './docker.ts';

/**
 * Has the daemon pull an image, with the operator's login where there is one. Not testcontainers': a helper of logins
 * that ends before it is asked ends the whole process there. Rejects with what the daemon, or the helper, says.
 */
export async function pullImage(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
  const { dockerode } = docker.container;
  const name = canonical(image);
  const registry = registryOf(name) ?? '';
  const found = await dockerLogin({ loginNames: loginNamesOf(registry) }, { env: process.env, signal });
  try {
    const said = await dockerode.pull(name, { ...authOf(found, registry), abortSignal: signal });
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(said, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    const { problem } = found.kind === 'none' ? found : {};
    const { message } = error as Error;
    throw new Error(problem === undefined ? message.trim() : `${message.trim()}; no login: ${problem}`);
  }
}

function authOf(found: Credentials, registry: string) {
  const [serveraddress = registry] = loginNamesOf(registry);
  switch (found.kind) {
    case 'login':
      return { authconfig: { ...found.login, serveraddress } };
    case 'identity-token':
      return { authconfig: { identitytoken: found.token, serveraddress } };
    case 'none':
      return {};
  }
}
