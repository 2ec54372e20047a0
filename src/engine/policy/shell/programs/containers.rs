//! Containers, as far as they are only looked at; their environment, which holds secrets, is not.

use super::Program;
use super::program;
use crate::engine::policy::shell::harmless::Operands;

const LISTING: &str =
    "-a -q -n: -l -s --all --quiet --last: --latest --size --no-trunc --format~ --filter: -f: --digests --tree";
const LOGS: &str = "-n: -t --tail: --since~ --until~ --timestamps --no-log-prefix --no-color --details";

pub(super) const PROGRAMS: &[Program] = &[
    program("docker ps", LISTING, Operands::None),
    program("docker images", LISTING, Operands::Plain),
    program("docker container ls", LISTING, Operands::None),
    program("docker image ls", LISTING, Operands::Plain),
    program("docker network ls", LISTING, Operands::None),
    program("docker volume ls", LISTING, Operands::None),
    program("docker context ls", "-q --format~", Operands::None),
    program("docker buildx ls", "--format~ --no-trunc", Operands::None),
    program("docker logs", LOGS, Operands::Plain),
    program("docker container logs", LOGS, Operands::Plain),
    program("docker stats", "--no-stream -a --all --no-trunc --format~", Operands::Plain),
    program("docker top", "", Operands::OneName),
    program("docker port", "", Operands::Plain),
    program("docker diff", "", Operands::OneName),
    program("docker history", "--no-trunc -q --format~ -H --human=", Operands::OneName),
    program("docker version", "--format~ -f~", Operands::None),
    program("docker info", "", Operands::None),
    program("docker system df", "-v --verbose --format~", Operands::None),
    program(
        "docker compose ps",
        "-a -q --all --quiet --format: --services --status: --filter: --no-trunc",
        Operands::Plain,
    ),
    program("docker compose logs", LOGS, Operands::Plain),
    program("docker compose ls", "-a -q --all --format:", Operands::None),
    program("docker compose images", "-q --format:", Operands::Plain),
    program("docker compose top", "", Operands::Plain),
    program("docker compose version", "--short -f:", Operands::None),
    program("docker-compose ps", "-a -q --services", Operands::Plain),
    program("docker-compose logs", LOGS, Operands::Plain),
];
