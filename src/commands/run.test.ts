import { expect, test } from 'vitest';
import { runCommand } from './run.ts';

test.each(['-1', '4294967296', '1.5', 'many', ''])(
  'refuses the seed %j and says what it takes',
  async (seed) => {
    const command = runCommand(new AbortController().signal, 0)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    await expect(
      command.parseAsync(['scenario.yaml', '--seed', seed], { from: 'user' }),
    ).rejects.toMatchObject({
      code: 'commander.invalidArgument',
      message: expect.stringContaining('a whole number from 0 to 4294967295'),
    });
  },
);
