# The outline of zylonai/private-gpt:0.6.2-llamacpp-cpu: its user, folders, PATH, settings, and what its start does.
ARG PYTHON
FROM ${PYTHON}
RUN adduser --system --gid 65534 --uid 100 --home /home/worker worker
WORKDIR /home/worker/app
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    python3 -m venv .venv && .venv/bin/pip install -q 'transformers>=5'
RUN mkdir local_data models && chown worker local_data models .
ENV PYTHONUNBUFFERED=1 PORT=8080 APP_ENV=prod PATH=.venv/bin/:$PATH \
    PYTHONPATH="$PYTHONPATH:/home/worker/app/private_gpt/"
COPY private_gpt private_gpt
RUN echo 0.6.2 >version.txt
USER worker
EXPOSE 8080
ENTRYPOINT python -m private_gpt
