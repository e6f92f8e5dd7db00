# llama.cpp's server where its image has it. The real one, as a Python module; the command in front reads the
# options that the tests use.
ARG PYTHON
FROM ${PYTHON}
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends libgomp1 >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    python3 -m venv /opt/llama && /opt/llama/bin/pip install -q 'xllamacpp>=2026.10'
COPY --chmod=755 llama-server /app/llama-server
WORKDIR /app
