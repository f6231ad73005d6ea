import { environmentError } from '../../kit/errors.ts';

/** What to do when Docker says that its disk is full; undefined when it says something else. */
export function roomFor(said: string): string | undefined {
  if (!/no space left on device|disk quota exceeded/i.test(said)) return undefined;
  return 'the disk that Docker keeps its images and containers on is full: docker system df says with what; docker system prune removes what nobody uses';
}

/** The same when a container of it cannot start. */
export function whatAContainerNeeds(said: string): string | undefined {
  if (/exec format error/i.test(said)) {
    return 'its image is for another processor than this Docker runs on: docker image inspect says for which, docker pull --platform has another';
  }
  return roomFor(said);
}

/** Handler of what a call of Docker's interface throws: its answers are for the operator, and begin with what could not be done. */
export function refused(what: string, hint?: string): (error: Error & { statusCode?: number }) => never {
  return (error) => {
    if (error.statusCode === undefined) throw error;
    throw environmentError(`${what}: ${error.message.trim()}`, roomFor(error.message) ?? hint, error);
  };
}
