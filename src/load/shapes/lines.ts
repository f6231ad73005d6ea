import { formatMs } from '../../kit/format.ts';
import { hideQuery } from '../../kit/hidden.ts';
import type { LoadOf } from './contract.ts';

/** "from client to shop, 30 s". */
export const routeOf = ({ from, to, durationMs }: LoadOf<unknown>) =>
  `from ${from} to ${to}, ${formatMs(durationMs)}`;

/** "GET http://shop:8080/", "gRPC breakwater.edge.v1.Edge/Get at shop:8080". */
export const requestOf = ({ to, port, protocol, request }: LoadOf<unknown>) =>
  protocol === 'grpc'
    ? `gRPC ${request.path.slice(1)} at ${to}:${port}`
    : `${request.method} http://${to}:${port}${hideQuery(request.path)}`;
