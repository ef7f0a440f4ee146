"""One exchange: the asking side in eight steps, the answering side in ten.

No HTTP server, no SQL and no files here: doors and peers bring requests in, `app` brings the parts.
Read `asking`, then `answering`; `docs/protocol.md` has the same numbers.
"""
