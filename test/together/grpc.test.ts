import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure } from '../support/defects.ts';
import { commandsOn } from '../support/pages.ts';
import { expectFailedAt } from '../support/planted.ts';
import { plantedGrpc, plantedPortName } from '../support/planted-grpc.ts';

const short = ['--profile', 'short'];

/** That of plain TCP is on the same page; its planted defects are all among those of `npm run bench:mutations`. */
for (const [, ...args] of commandsOn('grpc.md')) {
  test.concurrent(`${args[0]} passes on sound configuration`, async () => {
    using workspace = new Workspace();
    const finished = await workspace.run(...args, ...short);
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });
}

/** The others are among the planted defects of `npm run bench:mutations`. */
for (const planted of plantedGrpc.filter(({ name }) => name === 'retryOn for HTTP only')) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails, and says what gRPC calls the answer`, async () => {
    await expectTextFailure(planted, ...short);
  });
}

test.concurrent(`${plantedPortName.name}: grpc fails, since no sidecar knows of a call`, async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/grpc.yaml', ...short, ...plantedPortName.args(''));
  expectFailedAt(finished, plantedPortName);
});
