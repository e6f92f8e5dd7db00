# The outline of zylonai/private-gpt:1.0.1: its folders, command and environment, its user (root), and its settings.
ARG PYTHON
FROM ${PYTHON}
WORKDIR /home/worker/app
COPY private_gpt private_gpt
RUN echo 1.0.1 >version.txt && python3 -m venv --without-pip .venv \
    && mkdir -p models/nltk_cache && touch models/nltk_cache/baked-in
COPY --chmod=755 private-gpt-serve .venv/bin/private-gpt
ENV PYTHONUNBUFFERED=1 PORT=8080 PGPT_HOME=/home/worker/app HF_HOME=/home/worker/app/local_data \
    PYTHONPATH="$PYTHONPATH:/private_gpt/" PATH=/home/worker/app/.venv/bin:/usr/local/bin:$PATH
EXPOSE 8080
ENTRYPOINT ["private-gpt"]
CMD ["serve"]
