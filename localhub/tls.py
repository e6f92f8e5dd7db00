"""A certificate authority made at start, and a server certificate for the names that clients will use."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def make_context(folder: Path, names: tuple[str, ...]) -> tuple[ssl.SSLContext, Path]:
    """A server context with a fresh certificate for `names` (host names or addresses), and the PEM file of
    its CA.
    """
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, ca_file
