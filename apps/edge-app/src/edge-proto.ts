/** What a service that speaks gRPC offers, as its callers read it: one call. */
export const EDGE_PROTO = `syntax = "proto3";

package breakwater.edge.v1;

service Edge {
  rpc Get(Request) returns (Answer);
}

message Request {}

message Answer {
  string instance = 1;
  string zone = 2;
  bytes padding = 3;
}
`;

/** The call, as it stands in a request's path. */
export const EDGE_CALL = '/breakwater.edge.v1.Edge/Get';
