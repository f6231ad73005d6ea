import { describe, expect, test } from 'vitest';
import { createProgress } from '../kit/terminal.ts';
import { ownPrograms } from './own-programs.ts';
import { readSide } from './sides.ts';

const { signal } = new AbortController();
const programsOf = (part: string, env: 'local' | 'kind' = 'local') =>
  ownPrograms('--b', readSide('--b', [part]), env, createProgress(process.stderr, true), signal);

describe('what a side brings', () => {
  test('is nothing unless it says so', async () => {
    expect(await programsOf('set:load.rate=5/s')).toEqual({});
  });

  test('is an app: a command where apps are processes, an image where they are containers', async () => {
    expect(await programsOf(String.raw`app:sh -c exit\ 3`)).toEqual({
      app: [expect.stringMatching(/^\/.*\/sh$/), '-c', 'exit 3'],
    });
    expect(await programsOf('app:registry.example.com:5000/shop:2', 'kind')).toEqual({
      app: ['registry.example.com:5000/shop:2'],
    });
  });

  test.each([
    ['app:no-such-program --fast', 'local', 'there is no program "no-such-program"'],
    ['app:./no/such', 'local', 'there is no program "./no/such"'],
    ['app:node server.js', 'kind', 'is no name of an image'],
    ['envoy:1.40.0', 'kind', 'the Envoy is the one of the sidecars'],
    ['envoy:1.41.0', 'local', 'there is no Envoy "1.41.0" with pins'],
    ['envoy:./no/such', 'local', 'is no program and no version'],
    [`envoy:${process.execPath}`, 'local', 'does not say that it is an Envoy'],
  ] as const)('%s is refused in %s', async (part, env, message) => {
    await expect(programsOf(part, env)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });
});
