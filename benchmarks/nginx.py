"""nginx: the constant source, and the pair that is what carrying without meaning costs.

The pair is two hops as the gateways are: plain in, TLS 1.3 with both certificates verified between
them, plain to the source, all kept alive with a pool larger than the concurrency. The source answers
a constant kilobyte and discards the request's body.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE_BODY: Final = json.dumps({"record": "0123456789abcdef" * 63, "n": 1}).ljust(1024).encode()
"""1,024 bytes."""

_SHARED = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 3600s;
    keepalive_requests 100000000;
    tcp_nodelay on;
    {servers}
}}
"""
_SOURCE = """
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        default_type application/json;
        return 200 '{body}';
    }}
"""
_HOP = """
    upstream next {{
        server 127.0.0.1:{next};
        keepalive {pool};
        keepalive_requests 100000000;
        keepalive_timeout 3600s;
    }}
    server {{
        listen 127.0.0.1:{port} {listen} backlog=1024;
        {tls}
        location / {{
            proxy_pass {scheme}://next;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            {proxy_tls}
        }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Certificate and key of one hop, and the authority that both trust."""

    certificate: Path
    key: Path
    authority: Path


def source(folder: Path, port: int) -> Path:
    """The configuration of the source."""
    return _write(folder, _SOURCE.format(port=port, body=SOURCE_BODY.decode()))


def first_hop(folder: Path, port: int, following: int, own: Identity, pool: int) -> Path:
    """Plain HTTP in, mutual TLS out."""
    proxy_tls = (
        f"proxy_ssl_certificate {own.certificate}; proxy_ssl_certificate_key {own.key}; "
        f"proxy_ssl_trusted_certificate {own.authority}; proxy_ssl_verify on; "
        "proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3;"
    )
    hop = _HOP.format(
        port=port, listen="", tls="", scheme="https", next=following, pool=pool, proxy_tls=proxy_tls
    )
    return _write(folder, hop)


def second_hop(folder: Path, port: int, following: int, own: Identity, pool: int) -> Path:
    """Mutual TLS in, plain HTTP to the source."""
    tls = (
        f"ssl_certificate {own.certificate}; ssl_certificate_key {own.key}; ssl_protocols TLSv1.3; "
        f"ssl_client_certificate {own.authority}; ssl_verify_client on;"
    )
    hop = _HOP.format(
        port=port, listen="ssl", tls=tls, scheme="http", next=following, pool=pool, proxy_tls=""
    )
    return _write(folder, hop)


def start(nginx: Path, configuration: Path, core: int) -> subprocess.Popen[bytes]:
    """Start one nginx on one core; master and worker."""
    return subprocess.Popen(
        [nginx, "-p", configuration.parent, "-c", configuration, "-e", configuration.parent / "error.log"],
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  no threads here
    )


def _write(folder: Path, servers: str) -> Path:
    folder.mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(_SHARED.format(folder=folder, user=user, servers=servers))
    return path
