import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function start(environment: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const env = { PATH: process.env['PATH'] ?? '', PORT: '0', CONTROL_PORT: '0', ...environment };
  const app = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void app.kill('SIGKILL'));
  return app;
}

test('says in one line of JSON where it listens; SIGTERM lets requests in flight end', async () => {
  const app = start({ SERVICE_TIME: 'constant:2s' });
  const exit = once(app, 'exit');
  const [line] = await once(app.stdout, 'data');
  const { listening, control } = JSON.parse(String(line));
  expect(listening).toEqual({ address: '127.0.0.1', port: expect.any(Number) });
  expect(control.port).not.toBe(listening.port);

  const slow = fetch(`http://127.0.0.1:${listening.port}/`);
  const metrics = () => fetch(`http://127.0.0.1:${control.port}/metrics`).then((response) => response.text());
  await expect.poll(metrics).toContain('edge_app_in_flight 1\n');
  app.kill('SIGTERM');
  const response = await slow;
  expect(response.status).toBe(200);
  expect(response.headers.get('connection')).toBe('close');
  expect(await exit).toEqual([0, null]);
});

test('while it drains, healthz is 503 and requests are served', async () => {
  const app = start({ DRAIN: '500ms' });
  const exit = once(app, 'exit');
  const [line] = await once(app.stdout, 'data');
  const url = `http://127.0.0.1:${JSON.parse(String(line)).listening.port}`;
  app.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${url}/healthz`)).status).toBe(503);
  expect((await fetch(url)).status).toBe(200);
  expect(await exit).toEqual([0, null]);
});

test('an idle connection and a hung request do not hold up SIGTERM', async () => {
  const app = start({});
  const exit = once(app, 'exit');
  const [line] = await once(app.stdout, 'data');
  const { listening, control } = JSON.parse(String(line));
  const agent = new Agent({ keepAlive: true });
  const url = `http://127.0.0.1:${listening.port}/`;
  const [idle] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  idle.resume();
  await once(idle, 'end');
  const body = JSON.stringify({ kind: 'hang', rate: 1 });
  await fetch(`http://127.0.0.1:${control.port}/faults/h`, { method: 'PUT', body });
  const hung = fetch(url).catch(() => 'cut');
  const list = () => fetch(`http://127.0.0.1:${control.port}/faults`).then((response) => response.json());
  await expect.poll(list).toMatchObject([{ hits: 1 }]);

  app.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  expect(await hung).toBe('cut');
  agent.destroy();
});

test.each([
  { environment: { PORT: 'http' }, args: [], message: 'edge-app: PORT: expected a port' },
  { environment: {}, args: ['--port=1'], message: 'edge-app: unexpected argument --port=1' },
])('$message … is one line and exit code 2', async ({ environment, args, message }) => {
  const app = start(environment, args);
  const [stderr, [code]] = await Promise.all([text(app.stderr), once(app, 'exit')]);
  expect(stderr.startsWith(message)).toBe(true);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  expect(code).toBe(2);
});

test('with more ports it says each, and listens on all of them or on none', async () => {
  const app = start({ EXTRA_PORTS: '0' });
  const [line] = await once(app.stdout, 'data');
  const { listening, extra } = JSON.parse(String(line));
  expect((await fetch(`http://127.0.0.1:${extra[0].port}/`)).status).toBe(200);
  const second = start({ EXTRA_PORTS: `0,${listening.port}` });
  expect(await once(second, 'exit')).toEqual([1, null]);
});

test('a port that is taken is one line and exit code 1', async () => {
  const app = start({});
  const [line] = await once(app.stdout, 'data');
  const { listening } = JSON.parse(String(line));
  const second = start({ PORT: String(listening.port) });
  const [stderr, [code]] = await Promise.all([text(second.stderr), once(second, 'exit')]);
  expect(stderr).toMatch(/^edge-app: listen EADDRINUSE[^\n]*\n$/);
  expect(code).toBe(1);
});
