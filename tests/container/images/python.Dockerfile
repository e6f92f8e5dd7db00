# Debian's own Python: what python:3.11-slim-bookworm is where a registry can be reached.
ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends python3-pip python3-venv >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
