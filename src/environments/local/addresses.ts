import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { environmentError } from '../../kit/errors.ts';

/** A /24 of loopback that belongs to one lab while it runs: 127.a.b.0. */
export interface LoopbackBlock extends AsyncDisposable {
  /** Address in the block, 1 to 254. */
  address(host: number): string;
  /** The port to use on every address of the block in place of a wished one: that one wherever it is free. */
  port(wished: number): number;
}

export interface WantedPorts {
  /** Any other will do where something listens on them on every address of the machine. */
  readonly wished: readonly number[];
  /** Those of the scenario's services: the mesh configuration under test may name them. */
  readonly exact: readonly number[];
}

/** Port on the block's last address that says the block is taken; every lab tries to bind it first. */
const claimPort = 15_999;
const tries = 32;
/** How far from a wished port another is looked for. */
const reach = 200;

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

const close = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

/** Takes a block that no other lab on this machine has, and finds its ports. All of 127/8 is loopback on Linux. */
export async function claimLoopbackBlock(wanted: WantedPorts): Promise<LoopbackBlock> {
  let last: unknown;
  for (let attempt = 0; attempt < tries; attempt++) {
    const prefix = `127.${randomInt(1, 255)}.${randomInt(0, 255)}`;
    let claim: Server;
    try {
      claim = await listen(`${prefix}.254`, claimPort);
    } catch (error) {
      last = error;
      if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') break;
      continue;
    }
    try {
      const ports = await findPorts(`${prefix}.253`, wanted);
      return {
        address: (host) => `${prefix}.${host}`,
        port: (wished) => ports.get(wished) ?? wished,
        [Symbol.asyncDispose]: () => close(claim),
      };
    } catch (error) {
      await close(claim);
      throw error;
    }
  }
  throw environmentError(
    'no free loopback addresses',
    (last as NodeJS.ErrnoException | undefined)?.code === 'EADDRNOTAVAIL'
      ? 'the lab gives every workload a loopback address of its own, which only Linux has without configuration; on macOS add aliases to lo0, or use --env kind'
      : 'other labs may be running: npx breakwater lab status, npx breakwater cleanup',
    last,
  );
}

/** A block's addresses are its own, so only a listener on all addresses of the machine can be in the way. */
async function findPorts(host: string, { wished, exact }: WantedPorts): Promise<Map<number, number>> {
  for (const port of exact) {
    if (await isFree(host, port)) continue;
    throw environmentError(
      `port ${port} of the scenario's services is taken: a program on this machine listens on it on every address`,
      `see which with \`ss -ltnp 'sport = :${port}'\` and stop it or let it listen on 127.0.0.1; or give the service another port in the scenario (topology.services.NAME.port), and in the mesh configuration where that names it`,
    );
  }
  const taken = new Set(exact);
  const found = new Map<number, number>();
  for (const wish of wished) {
    let port = wish;
    while (taken.has(port) || !(await isFree(host, port))) {
      port += 1;
      if (port > wish + reach) {
        throw environmentError(
          `no free port from ${wish} to ${wish + reach} on loopback`,
          'see what listens there with `ss -ltnp`',
        );
      }
    }
    taken.add(port);
    found.set(wish, port);
  }
  return found;
}

async function isFree(host: string, port: number): Promise<boolean> {
  try {
    await close(await listen(host, port));
    return true;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    const reason = code === 'EACCES' ? 'ports below 1024 are for root' : code || message;
    throw environmentError(
      `nothing can listen on port ${port} of loopback: ${reason}`,
      'give the service another port in the scenario (topology.services.NAME.port)',
      error,
    );
  }
}
