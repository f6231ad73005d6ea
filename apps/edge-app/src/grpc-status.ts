/**
 * What gRPC calls its statuses, by their numbers, and the status of HTTP that says the same.
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
const statuses = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 504],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
] as const;

/** The statuses of HTTP by the numbers of gRPC's. */
export const httpStatuses: readonly number[] = statuses.map(([, http]) => http);

/** 14 → "UNAVAILABLE"; undefined for a number that gRPC does not know. */
export const grpcName = (code: number): string | undefined => statuses[code]?.[0];

/** 14 → 503; what gRPC does not know is an error of nobody knows what kind. */
export const httpOfGrpc = (code: number): number => statuses[code]?.[1] ?? 500;

/** Which of those that say the same is meant, where several do. */
const preferred: Readonly<Record<number, number>> = { 400: 3, 409: 10, 500: 13 };

/** 503 → 14; undefined for what gRPC has no word for. */
export function grpcOfHttp(status: number): number | undefined {
  const code = preferred[status] ?? httpStatuses.indexOf(status);
  return code < 0 ? undefined : code;
}
