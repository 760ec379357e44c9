"""A chain served as JSON-RPC, so that any Ethereum tool can connect to it.

Three layers that look downwards only: `server` (HTTP and WebSocket), `protocol` (JSON-RPC 2.0, pure) and `methods`
(each method of the tables on a `NodeChain`). It knows no settlement rule: any embedded chain can be served.
"""
