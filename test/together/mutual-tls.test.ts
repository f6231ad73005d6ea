import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Workspace } from '../support/breakwater.ts';
import { listenersOf, processesOf } from '../support/processes.ts';

/** What a plain HTTP request to an address gets: text, or nothing when the connection is cut. */
function plaintext(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port });
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(`GET / HTTP/1.1\r\nhost: edge-app.default.svc.cluster.local\r\nconnection: close\r\n\r\n`);
  });
}

test('the local lab takes mutual TLS alone, and listens on loopback alone', async () => {
  using workspace = new Workspace();
  const up = await workspace.breakwater('lab', 'up', '--json');
  expect(up.code, up.stderr).toBe(0);
  const reach: string[] = JSON.parse(up.stdout).reach;
  const server = /http:\/\/(\S+):\d+/.exec(reach.find((line) => line.includes('edge-app-east-1')) ?? '')?.[1];
  const client = /http:\/\/(\S+):8080/.exec(reach.find((line) => line.includes('curl -H')) ?? '')?.[1];
  expect(await plaintext(client ?? '', 8080)).toContain('200 OK');
  expect(await plaintext(server ?? '', 8080)).toBe('');
  const block = server?.replace(/\d+$/, '');
  const listeners = listenersOf(processesOf(workspace.runs).map(({ pid }) => pid));
  // Five sidecars with a listener at least each, and the control plane.
  expect(listeners.length).toBeGreaterThan(10);
  expect(listeners.filter((listener) => !listener.startsWith(block ?? '?'))).toEqual([]);
  expect((await workspace.breakwater('lab', 'down')).code).toBe(0);
});
