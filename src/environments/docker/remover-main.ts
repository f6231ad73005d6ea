/**
 * Begins when a harness has died, and removes its run's containers and networks, and then its folder. What Docker does
 * not let go stays with the folder, where the next run or cleanup finds it.
 *
 * argv: HOST (as DOCKER_HOST has it), RUN, DIRECTORY (of the run); `wait`: until standard input has ended first.
 */
import { rmSync } from 'node:fs';
import { removeContainers } from '../../runs/containers.ts';

const [host = '', runId = '', directory = '', wait] = process.argv.slice(2);

let told = '';
if (wait !== undefined) for await (const chunk of process.stdin) told += chunk;
if (told === '') {
  await removeContainers({ host, namedBy: 'a run' }, runId);
  rmSync(directory, { recursive: true, force: true });
}
