import { cancel, intro, isCancel, outro, text } from '@clack/prompts';
import type { Said } from '../init/wanted.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { parseDuration, parseRate } from '../kit/units.ts';

const service = /^[a-z]([-a-z0-9]{0,58}[a-z0-9])?(:\d{1,5})?$/;

/** Asks in a terminal for what the options do not say; each question has an answer to take as it is. */
export async function askFor(said: Said): Promise<Said> {
  intro('A scenario for your services');
  const called = await ask('Which service is called? (name, or name:port)', 'cart:8080', (answer) =>
    service.test(answer) ? undefined : 'a name such as cart, or cart:8080',
  );
  const from = await ask('Which service calls it?', said.from, (answer) =>
    service.test(answer) && !answer.includes(':') ? undefined : 'a name such as frontend',
  );
  const zones = await ask('In which zones do its replicas run?', 'zone-a,zone-b', () => undefined);
  const rate = await ask('How many requests come?', said.rate, (answer) =>
    parseRate(answer) === undefined ? 'a rate such as 50/s' : undefined,
  );
  const latency = await ask('How long does an answer take?', said.latency, (answer) =>
    parseDuration(answer) === undefined ? 'a duration such as 5ms' : undefined,
  );
  outro('That is all.');
  return {
    ...said,
    services: [called],
    from,
    zones: zones.split(',').map((zone) => zone.trim()),
    rate,
    latency,
  };
}

async function ask(
  message: string,
  initialValue: string,
  wrong: (answer: string) => string | undefined,
): Promise<string> {
  const answer = await text({ message, initialValue, validate: (given = '') => wrong(given.trim()) });
  if (!isCancel(answer)) return answer.trim();
  cancel('Nothing was written.');
  throw new OperatorError('interrupted', { exitCode: ExitCode.interrupted });
}
