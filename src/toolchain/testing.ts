import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tool } from './tools.ts';

/** A folder that goes away with the test. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'breakwater-toolchain-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A real tool that Go builds in a second: one program and one data file, without dependencies. */
export async function tinyTool(parent: string, goMod = 'go 1.25.0\n'): Promise<Tool> {
  const directory = join(parent, 'tiny-pins');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'go.mod'), `module breakwater.test/tiny\n\n${goMod}`);
  await writeFile(
    join(directory, 'main.go'),
    'package main\n\nvar version = "unknown"\n\nfunc main() { println("tiny v" + version) }\n',
  );
  await writeFile(join(directory, 'data.txt'), 'data\n');
  return {
    name: 'tiny',
    version: '1.2.3',
    directory,
    source: {
      kind: 'go-module',
      module: 'breakwater.test/tiny',
      packages: { tinyd: 'breakwater.test/tiny' },
      tags: [],
      ldflags: '-s -w -X main.version=1.2.3',
      data: { 'tiny.txt': { path: 'data.txt', sha256: createHash('sha256').update('data\n').digest('hex') } },
    },
    images: [],
    programs: [{ name: 'tinyd', variable: 'BREAKWATER_TINYD', versionArgs: ['version'] }],
    expectation: 'a second',
  };
}

/** An HTTP server on loopback. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
