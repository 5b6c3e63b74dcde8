# syntax=docker/dockerfile:1

# Both stages use the same Debian, so that the binary finds the C library it was linked with.
ARG RUST=1
ARG DEBIAN=trixie

FROM rust:${RUST}-slim-${DEBIAN} AS build
WORKDIR /source
COPY . .
# The caches stay with the builder: dependencies are compiled again only when Cargo.lock changes.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --bin counterpart \
    && install target/release/counterpart /usr/local/bin/counterpart

FROM debian:${DEBIAN}-slim
LABEL org.opencontainers.image.title="Counterpart" \
      org.opencontainers.image.description="Peer and career mentoring as a service" \
      org.opencontainers.image.licenses="Apache-2.0"
# A new volume at /data or /keys takes over these owners.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 /data /keys
COPY --from=build /usr/local/bin/counterpart /usr/local/bin/counterpart
ENV COUNTERPART_HTTP__HOST=0.0.0.0 \
    COUNTERPART_LOG__FORMAT=json
USER 10001:10001
# Without a subcommand, API and worker run in this one process and keep everything in /data.
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["counterpart", "health", "--url", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["counterpart"]
