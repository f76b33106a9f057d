# One image for all parts of the kit, from nothing: programs, the libraries
# they load, exercises and plans. No shell, no package manager.
#   docker build -t flamekit .
# Without a registry, from a base made by debootstrap:
#   debootstrap --variant=minbase bookworm base
#   tar -C base -c . | docker import - local/debian:12
#   docker build --build-arg BASE=local/debian:12 -t flamekit .
# A base that has the packages of `scenarios/install.sh run` needs no network.
ARG BASE=debian:12-slim
FROM ${BASE} AS build
WORKDIR /src
COPY scenarios/install.sh scenarios/
RUN sh scenarios/install.sh run
COPY . .
RUN make all builds && sh scenarios/closure.sh tree /image

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /kit
ENV PATH=/kit/build/release/bin FLAMEKIT_STATE=/state
EXPOSE 4040 5000
ENTRYPOINT ["/kit/build/release/bin/flamekit"]
CMD ["list"]
