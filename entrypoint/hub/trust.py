"""Which certificates our own traffic trusts where the image has none.

OpenSSL looks in one place, fixed when it was built; a slim base image may have no certificates there, or keep them
elsewhere. Without this, every model would look `tls-untrusted` on such a base.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

_ELSEWHERE = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine
)


def fallback(environ: Mapping[str, str], root: Path = Path("/"), prefix: Path = Path(sys.prefix)) -> dict[str, str]:
    """`SSL_CERT_FILE` for our own processes, or nothing where it is set or OpenSSL finds certificates by itself.

    The last resort is the bundle that our own image layer brings along.
    """
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        return {}
    default = ssl.get_default_verify_paths()
    for path in (default.openssl_cafile, default.openssl_capath):
        found = root / path.lstrip("/")
        if found.is_file() or (found.is_dir() and any(found.iterdir())):
            return {}
    candidates = [*(root / path.lstrip("/") for path in _ELSEWHERE), prefix / "etc/ssl/ca-certificates.crt"]
    return next(({"SSL_CERT_FILE": str(path)} for path in candidates if path.is_file()), {})
