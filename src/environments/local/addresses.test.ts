import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { claimLoopbackBlock } from './addresses.ts';

/** Listens on every address, as a server on a developer's machine does. */
async function everywhere(port = 0) {
  const server = createServer().listen({ host: '0.0.0.0', port });
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test('blocks of two labs differ', async () => {
  await using one = await claimLoopbackBlock({ wished: [], exact: [] });
  await using other = await claimLoopbackBlock({ wished: [], exact: [] });
  expect(one.address(1)).not.toBe(other.address(1));
  expect(one.address(7)).toMatch(/^127\.\d+\.\d+\.7$/);
});

test('a wished port that something has on every address gives way to the next free one', async () => {
  await using taken = await everywhere();
  await using block = await claimLoopbackBlock({ wished: [taken.port, taken.port + 1], exact: [] });
  expect(block.port(taken.port)).toBeGreaterThan(taken.port);
  expect(block.port(taken.port + 1)).not.toBe(block.port(taken.port));
});

test("a service's port that something has on every address is an error that says how to find it", async () => {
  await using taken = await everywhere();
  await expect(claimLoopbackBlock({ wished: [], exact: [taken.port] })).rejects.toThrow(
    `port ${taken.port} of the scenario's services is taken`,
  );
});
