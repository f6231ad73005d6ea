import type { Address } from '../kit/address.ts';
import type { HttpClient } from './http-client.ts';

/**
 * How many bytes there are at an address, undefined where it does not say; its status where it gives nothing. Asks for
 * the first byte: an address that was signed for reading is good for nothing else. Rejects when nobody answers.
 */
export async function sizeAt(
  { url, headers }: Address,
  client: HttpClient,
  signal: AbortSignal,
): Promise<number | undefined | { readonly status: number }> {
  const response = await client.fetch(url, { headers: { ...headers, range: 'bytes=0-0' }, signal });
  await response.body?.cancel();
  if (!response.ok) return { status: response.status };
  const total =
    response.status === 206
      ? /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
      : response.headers.get('content-length');
  return total === null || total === undefined ? undefined : Number(total);
}
