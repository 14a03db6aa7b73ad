# The image of an nginx edge: `docker build -f deploy/image/edge.Dockerfile .`
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends nginx-light libnginx-mod-http-lua ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --user-group --home-dir /var/lib/marquee-edge --no-create-home edge \
  && install --directory --owner edge --group edge /var/lib/marquee-edge
COPY deploy/nginx /usr/local/lib/marquee-edge
USER 10001:10001
VOLUME /var/lib/marquee-edge
ENTRYPOINT ["/usr/local/lib/marquee-edge/edge.sh"]
