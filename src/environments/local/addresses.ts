import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { environmentError } from '../../kit/errors.ts';

/** A /24 of loopback that belongs to one lab while it runs: 127.a.b.0. */
export interface LoopbackBlock extends AsyncDisposable {
  /** Address in the block, 1 to 254. */
  address(host: number): string;
}

/** Port on the block's last address that says the block is taken; every lab tries to bind it first. */
const claimPort = 15_999;
const tries = 32;

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

/** Takes a block that no other lab on this machine has. All of 127/8 is loopback on Linux. */
export async function claimLoopbackBlock(): Promise<LoopbackBlock> {
  let last: unknown;
  for (let attempt = 0; attempt < tries; attempt++) {
    const prefix = `127.${randomInt(1, 255)}.${randomInt(0, 255)}`;
    try {
      const claim = await listen(`${prefix}.254`, claimPort);
      return {
        address: (host) => `${prefix}.${host}`,
        [Symbol.asyncDispose]: () => new Promise((resolve) => claim.close(() => resolve())),
      };
    } catch (error) {
      last = error;
      if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') break;
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
