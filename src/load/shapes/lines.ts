import { formatMs } from '../../kit/format.ts';
import { hideQuery } from '../../kit/hidden.ts';
import type { LoadOf } from './contract.ts';

/** "from client to shop, 30 s". */
export const routeOf = ({ from, to, durationMs }: LoadOf<unknown>) =>
  `from ${from} to ${to}, ${formatMs(durationMs)}`;

/** "GET http://shop:8080/". */
export const requestOf = ({ to, port, request }: LoadOf<unknown>) =>
  `${request.method} http://${to}:${port}${hideQuery(request.path)}`;
