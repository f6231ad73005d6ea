/**
 * node:http. As an ES import it costs each process a tenth of a second of CPU: every export is evaluated,
 * and one of them loads fetch and WebSocket.
 */
export const nodeHttp = process.getBuiltinModule('node:http');
