# One image for all parts of the kit, from nothing: programs, the libraries
# they load, exercises and plans. No shell, no package manager.
#   docker build -t flamekit .
# Without a registry, from a base made by debootstrap:
#   debootstrap --variant=minbase bookworm base
#   tar -C base -c . | docker import - local/debian:12
#   docker build --build-arg BASE=local/debian:12 -t flamekit .
ARG BASE=debian:12-slim
FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev make pkg-config binutils libmicrohttpd-dev \
        libcurl4-openssl-dev libsqlite3-dev zlib1g-dev libzstd-dev libjansson-dev
COPY . /src
WORKDIR /src
RUN make all && sh scenarios/closure.sh tree /image

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /kit
ENV PATH=/kit/build/release/bin FLAMEKIT_STATE=/state
VOLUME ["/data", "/state"]
EXPOSE 4040 5000
ENTRYPOINT ["/kit/build/release/bin/flamekit"]
CMD ["list"]
