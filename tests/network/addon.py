"""What mitmproxy is told to do, and what it saw. Runs in mitmproxy's own process and environment, not in the tests'.

The names of `hosts` lead to loopback, as a company's proxy resolves what its clients cannot. What a proxy decides is
read anew for each connection from the file `network_rules`; what it saw goes line by line into `network_seen`:

- `refuse`: a pattern for `host:port` or an address; what matches gets 403 and the proxy's own page.
- `page`: a pattern for addresses; what matches gets a sign-in page with 200.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

http: Any = importlib.import_module("mitmproxy.http")
ctx: Any = importlib.import_module("mitmproxy.ctx")

REFUSAL = b"<!DOCTYPE html><html><head><title>Blocked by policy</title></head><body>Category: AI</body></html>"
SIGN_IN = b"<!DOCTYPE html><html><head><title>Network sign-in</title></head><body>Accept the terms.</body></html>"
PAGE = {"Content-Type": "text/html; charset=utf-8", "Server": "company-proxy"}


class Network:
    def load(self, loader: Any) -> None:
        for name in ("network_rules", "network_seen", "network_hosts"):
            loader.add_option(name, str, "", "see the addon's docstring")

    def running(self) -> None:
        proxyserver = ctx.master.addons.get("proxyserver")
        self._tell("listening", port=proxyserver.listen_addrs()[0][1])

    def http_connect(self, flow: Any) -> None:
        place = f"{flow.request.host}:{flow.request.port}"
        self._tell("connect", place=place, headers=_headers(flow))
        if flow.response is None and self._matches("refuse", place):
            flow.response = http.Response.make(403, REFUSAL, PAGE)

    def request(self, flow: Any) -> None:
        url = flow.request.pretty_url
        self._tell("request", method=flow.request.method, url=url, headers=_headers(flow))
        if flow.response is None and self._matches("refuse", url):
            flow.response = http.Response.make(403, REFUSAL, PAGE)
        elif flow.response is None and self._matches("page", url):
            flow.response = http.Response.make(200, SIGN_IN, PAGE)

    def tls_failed_client(self, data: Any) -> None:
        self._tell("untrusted", place=data.conn.sni or "", why=data.conn.error or "")

    def server_connect(self, data: Any) -> None:
        host, port = data.server.address
        if host in ctx.options.network_hosts.split(","):
            data.server.address = ("127.0.0.1", port)

    def _matches(self, rule: str, text: str) -> bool:
        rules = json.loads(Path(ctx.options.network_rules).read_text())
        return rule in rules and re.search(rules[rule], text) is not None

    def _tell(self, kind: str, **what: Any) -> None:
        with Path(ctx.options.network_seen).open("a") as seen:
            seen.write(json.dumps({"kind": kind, **what}) + "\n")


def _headers(flow: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in flow.request.headers.items()}


addons = [Network()]
