import http from 'node:http';
import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';
import { listen } from './listener.ts';

/** A server that answers with this status, and counts. */
async function other(answers: { status: number }) {
  const asked: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(answers.status).end();
  });
  const { port } = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const callsTo = (...urls: readonly string[]) => ({
  START_CALLS: JSON.stringify(urls.map((url) => ({ url }))),
});

test('what it asks for at its start it asks for once, in order and before it serves', async () => {
  await using stock = await other({ status: 200 });
  await using app = await runningApp(callsTo(`${stock.url}/settings`, `${stock.url}/keys`));
  expect(stock.asked).toEqual(['/settings', '/keys']);
  for (let requests = 0; requests < 3; requests++) expect((await fetch(app.url)).status).toBe(200);
  expect(stock.asked).toHaveLength(2);
});

test('without it, it answers 503 to everything until it has asked again', async () => {
  const answers = { status: 503 };
  await using stock = await other(answers);
  await using app = await runningApp(callsTo(`${stock.url}/settings`, `${stock.url}/keys`));
  expect(stock.asked).toEqual(['/settings']);
  const refused = await fetch(app.url, { method: 'POST', body: 'all of it is read' });
  expect(refused.status).toBe(503);
  expect(await refused.text()).toMatch(/the call to 127\.0\.0\.1:\d+ at its start failed: answered 503/);
  expect((await fetch(`${app.controlUrl}/healthz`)).status).toBe(200);

  const ask = () => fetch(`${app.controlUrl}/start-calls`, { method: 'PUT' });
  expect((await ask()).status).toBe(503);
  answers.status = 200;
  expect((await ask()).status).toBe(204);
  expect((await fetch(app.url)).status).toBe(200);
});

test('nobody there is no answer either', async () => {
  const stock = await other({ status: 200 });
  await stock[Symbol.asyncDispose]();
  await using app = await runningApp(callsTo(stock.url));
  expect((await fetch(app.url)).status).toBe(503);
});
