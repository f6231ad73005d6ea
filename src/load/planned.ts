import type { AskedFor } from '../effective/index.ts';
import type { LoadOf } from './shapes/contract.ts';
import type { LoadShape } from './shapes/index.ts';

/** One load of a trial, worked out in full. */
export type PlannedLoad = LoadOf<LoadShape>;

/** What the requests of a load ask for; nobody knows what a script of the user's own does. */
export function askedFor({ request, protocol, shape }: PlannedLoad): AskedFor | undefined {
  if (shape.kind === 'script') return undefined;
  const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const ofGrpc = protocol === 'grpc' ? { 'content-type': 'application/grpc' } : {};
  return {
    method: request.method,
    path: request.path,
    headers: { ...Object.fromEntries(headers), ...ofGrpc },
  };
}
