import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { SlowClients } from './slow-clients.ts';

/** A server that keeps what comes, and answers nothing. */
async function listening() {
  const sockets = new Set<Socket>();
  const texts: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    const index = texts.push('') - 1;
    socket.on('data', (data) => {
      texts[index] += String(data);
    });
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sockets,
    texts,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('requests go on without an end, who is cut off comes back, and all go when it is over', async () => {
  using server = await listening();
  const { port, sockets, texts } = server;
  const clients = new SlowClients(3, { address: '127.0.0.1', port, host: 'shop.example.com', tls: false });
  try {
    await vi.waitFor(() => expect(texts.filter((text) => text.endsWith('x-slow: a'))).toHaveLength(3), 5_000);
    expect(texts[0]).toBe('POST / HTTP/1.1\r\nhost: shop.example.com\r\nx-slow: a');
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(() => expect(texts).toHaveLength(6), 5_000);
  } finally {
    clients[Symbol.dispose]();
  }
  await vi.waitFor(() => expect(sockets.size).toBe(0), 5_000);
});
