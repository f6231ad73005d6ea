import { DUE_HEADER } from '../../model/evidence.ts';

/** Tells our lines from whatever else a sidecar prints. */
export const ACCESS_LOG_MARK = 'bw1';

/**
 * One line per request, fields separated by one blank, "-" where empty. What a caller writes comes last, the path
 * last of all, so that a blank in it can only spoil what nothing else is read after.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */
export const accessLogFields = [
  { name: 'mark', format: ACCESS_LOG_MARK },
  /** Epoch seconds with microseconds: when the request's first byte came in. */
  { name: 'start', format: '%START_TIME(%s.%6f)%' },
  /** Microseconds from the first byte in to the last byte out; "-" when the answer was never sent whole. */
  { name: 'totalUs', format: '%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%' },
  /** Milliseconds until the request was over, however it ended. */
  { name: 'durationMs', format: '%DURATION%' },
  // How it ended: these stand together, because they are looked up as one text.
  { name: 'status', format: '%RESPONSE_CODE%' },
  { name: 'flags', format: '%RESPONSE_FLAGS%' },
  { name: 'details', format: '%RESPONSE_CODE_DETAILS%' },
  /** The number of gRPC's own status; "-" where no gRPC was spoken. */
  { name: 'grpcStatus', format: '%GRPC_STATUS_NUMBER%' },
  { name: 'attempts', format: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%' },
  { name: 'upstreamHost', format: '%UPSTREAM_HOST%' },
  { name: 'cluster', format: '%UPSTREAM_CLUSTER_RAW%' },
  { name: 'requestId', format: '%REQ(X-REQUEST-ID)%' },
  { name: 'due', format: `%REQ(${DUE_HEADER.toUpperCase()})%` },
  // Whom the server saw is read for probes alone; what was asked for, by nobody but a person.
  { name: 'peer', format: '%DOWNSTREAM_PEER_URI_SAN%' },
  /** To the caller; of connections that are passed on as bytes alone it is read: whether anything came back. */
  { name: 'bytesBack', format: '%BYTES_SENT%' },
  { name: 'method', format: '%REQ(:METHOD)%' },
  { name: 'path', format: '%REQ(:PATH)%' },
] as const;

export type AccessLogField = (typeof accessLogFields)[number]['name'];

/** The format in a mesh that says so who the other side is, in one word. */
export const accessLogFormatWith = (peer: string): string =>
  accessLogFields.map(({ name, format }) => (name === 'peer' ? peer : format)).join(' ');

export const accessLogFormat = accessLogFields.map((field) => field.format).join(' ');
