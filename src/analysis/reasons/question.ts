import type { AskedFor, RequestQuestion } from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { RawEnding } from '../../model/ending.ts';
import type { InstanceContext } from '../../model/evidence.ts';
import { endedAs, type Picture } from './picture.ts';

/**
 * Whether the status that the client's sidecar passed on is one that the server's told the reason of. Of an app's own
 * answer the client's knows more, where it would have tried again and was not let.
 */
export const isFromServer = (client: Ending, server: Ending | undefined): server is Ending =>
  server !== undefined &&
  server.status === client.status &&
  !(client.clues?.retry === 'refused' && server.reason === 'none');

/** Requests that ended alike. */
interface EndedRequests {
  readonly client: Ending;
  readonly server: Ending | undefined;
  /** The instance that sent them, and the service it called. */
  readonly caller: string;
  readonly to: string;
  readonly request: AskedFor | undefined;
}

/** What to ask about requests; which cluster they went to only the client's sidecar knows. */
export function questionAbout(
  { client, server, caller, to, request }: EndedRequests,
  instance: InstanceContext | undefined,
  picture: Picture,
): RequestQuestion {
  const fromServer = isFromServer(client, server);
  const said = fromServer ? server : client;
  const { destination } = client.raw;
  return {
    ...endedAs({ ...said, status: client.status }, wordsOf(said.raw)),
    client: caller,
    service: client.service === '-' ? to : client.service,
    side: fromServer ? 'server' : 'client',
    ...(instance === undefined ? {} : { server: picture.heldLike(instance) }),
    ...(destination === '-' ? {} : { cluster: destination }),
    ...(request === undefined ? {} : { request }),
  };
}

/** What the sidecar said, in its own words. */
const wordsOf = ({ flag, details }: RawEnding) =>
  [flag, details].filter((text) => text !== '-' && text !== '').join(', ');
