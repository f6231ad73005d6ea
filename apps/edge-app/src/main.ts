import { once } from 'node:events';
import { startApp } from './app.ts';
import { InputError } from './input-error.ts';
import { readSettings } from './settings.ts';

try {
  const [argument] = process.argv.slice(2);
  if (argument !== undefined) {
    throw new InputError([
      `unexpected argument ${argument}: settings are environment variables, see README.md`,
    ]);
  }
  const app = await startApp(readSettings(process.env));
  const stop = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const { address, extra } = app.service;
  console.log(
    JSON.stringify({
      listening: address,
      ...(extra.length === 0 ? {} : { extra }),
      control: app.control.address,
    }),
  );
  await stop;
  await app.stop();
  // Requests whose callers are gone may still have timers.
  process.exit();
} catch (error) {
  const isListenError = (error as NodeJS.ErrnoException).syscall === 'listen';
  if (!(error instanceof InputError) && !isListenError) throw error;
  console.error(`edge-app: ${(error as Error).message}`);
  process.exitCode = error instanceof InputError ? 2 : 1;
}
